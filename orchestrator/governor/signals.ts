/** What Claude says about its limits, out of a session's events and its outcome. Pure. */
import type { AttemptEvent, Outcome } from "../executors/executor.ts";
import type { LimitKind } from "../store/accounts.ts";

export type Signal =
  | { kind: LimitKind; untilMs: number; message: string }
  /** How much of the five-hour window is used. */
  | { kind: "window"; used: number; resetsAtMs: number };

/** Where Claude does not say when a rate limit ends, new sessions wait for this long. */
const blindRateLimitMs = 60_000;
const blindUsageLimitMs = 15 * 60_000;
/** Shorter waits are left to the session that was told to wait. */
const shortestWaitMs = 5_000;

/** Reads one event of a session; most say nothing about limits. */
export function signalsOf({ type, data }: AttemptEvent, nowMs: number): Signal[] {
  if (type !== "agent.rate_limit") return [];
  const signals: Signal[] = [];
  const { status, limit, resetsAtMs, window } = data;
  if (isWindow(window)) signals.push({ kind: "window", ...window });
  if (status === "rejected" && typeof resetsAtMs === "number") {
    signals.push({ kind: "usage_limit", untilMs: resetsAtMs, message: `${words(limit)} limit reached` });
  } else if (status === "retrying" && data["httpStatus"] === 429 && typeof data["delayMs"] === "number") {
    if (data["delayMs"] >= shortestWaitMs)
      signals.push({ kind: "rate_limit", untilMs: nowMs + data["delayMs"], message: "too many requests (HTTP 429)" });
  }
  return signals;
}

/** What the end of a session says. */
export function signalOf({ failureClass, message, retryAtMs }: Outcome, nowMs: number): Signal | undefined {
  if (failureClass === "usage_limit") return { kind: failureClass, untilMs: retryAtMs ?? nowMs + blindUsageLimitMs, message };
  if (failureClass === "rate_limit") return { kind: failureClass, untilMs: retryAtMs ?? nowMs + blindRateLimitMs, message };
  return undefined;
}

function isWindow(value: unknown): value is { used: number; resetsAtMs: number } {
  if (typeof value !== "object" || value === null) return false;
  const { used, resetsAtMs } = value as Record<string, unknown>;
  return typeof used === "number" && used >= 0 && typeof resetsAtMs === "number";
}

const words = (limit: unknown) => (typeof limit === "string" ? limit.replaceAll("_", " ") : "usage");
