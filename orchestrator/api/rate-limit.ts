/** A token bucket per caller: `burst` requests at once, `perSecond` in the long run. */

export type RateLimit = { perSecond: number; burst: number };

/** Returns the seconds to wait (at least 1) when the caller is over the limit, 0 when the request may pass. */
export type RateLimiter = (caller: string, nowMs: number) => number;

export function createRateLimiter({ perSecond, burst }: RateLimit): RateLimiter {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return (caller, nowMs) => {
    const bucket = buckets.get(caller) ?? { tokens: burst, atMs: nowMs };
    buckets.set(caller, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
    bucket.tokens -= 1;
    return 0;
  };
}
