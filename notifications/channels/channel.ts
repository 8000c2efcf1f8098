/** What every channel is to the dispatcher, and how the ones that speak HTTP answer. */
import type { Message } from "../message.ts";

export type Delivery =
  | { ok: true }
  | {
      ok: false;
      error: string;
      /** Trying again will not help. */
      permanent: boolean;
      /** There was no answer at all; other messages would get none either. */
      unreachable?: true;
      /** The service said when; it holds for all messages to it. */
      retryAfterMs?: number;
    };

export type Channel = {
  /** @param id stays the same over all tries of one message */
  send(message: Message, id: string, target: string | null): Promise<Delivery>;
};

export const timeoutMs = 10_000;

/** Posts JSON or text. Addresses may hold secrets, so errors never name them. */
export async function post(url: string, init: { body: string; headers: Record<string, string> }): Promise<Delivery> {
  try {
    const response = await fetch(url, { method: "POST", ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    const text = (await response.text()).slice(0, 500);
    return deliveryOf(response.status, response.headers.get("retry-after"), text);
  } catch (error) {
    return {
      ok: false,
      permanent: false,
      unreachable: true,
      error: error instanceof Error && error.name === "TimeoutError" ? "no answer in time" : "no connection",
    };
  }
}

/** @param retryAfter seconds or a date (RFC 9110); Discord also says it in its body, in seconds */
export function deliveryOf(status: number, retryAfter: string | null, text: string): Delivery {
  if (status >= 200 && status < 300) return { ok: true };
  const error = `the service answered ${status}`;
  if (status === 429 || status === 503) {
    const asked = waitMs(retryAfter, text);
    return { ok: false, permanent: false, error, ...(asked === undefined ? {} : { retryAfterMs: asked }) };
  }
  if (status >= 300 && status < 400)
    return { ok: false, permanent: true, error: `${error}: it has moved, and redirects are not followed` };
  return { ok: false, permanent: status >= 400 && status < 500 && status !== 408 && status !== 425, error };
}

function waitMs(header: string | null, text: string): number | undefined {
  const body = /"retry_after"\s*:\s*(\d+(?:\.\d+)?)/.exec(text)?.[1];
  if (body !== undefined) return Number(body) * 1000;
  if (header === null) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
