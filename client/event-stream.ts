/**
 * Reads an execution's events to their end over connections that may break: connect with the last sequence number, yield, and on a
 * broken, silent or refused connection wait a little and go on from there. Only a refusal that waiting does not cure (unknown execution,
 * wrong token) or the caller's signal ends it early.
 */
import type { Event, StreamEnd } from "../orchestrator/api/contract.ts";
import { ApiError } from "./api-error.ts";
import type { StreamOptions } from "./client.ts";
import { readServerSentEvents } from "./server-sent-events.ts";
import type { Transport } from "./transport.ts";

/** The server sends at least a comment every 15 s; after three missed ones the connection counts as dead. */
const silenceMs = 45_000;
const firstDelayMs = 100;
const longestDelayMs = 5_000;

export async function* followEvents(
  transport: Transport,
  path: string,
  options: StreamOptions,
): AsyncGenerator<Event, StreamEnd, undefined> {
  const { signal, onConnection } = options;
  let after = options.after ?? 0;
  let delayMs = firstDelayMs;
  for (;;) {
    signal?.throwIfAborted();
    const connection = new AbortController();
    const watch = () => setTimeout(() => connection.abort(), silenceMs);
    let watchdog = watch();
    const heard = () => {
      clearTimeout(watchdog); // browsers cannot refresh one
      watchdog = watch();
    };
    try {
      const response = await transport({
        method: "GET",
        path: `${path}?after=${after}`,
        headers: { accept: "text/event-stream" },
        signal: signal === undefined ? connection.signal : AbortSignal.any([signal, connection.signal]),
        bounded: false,
      });
      onConnection?.(true);
      for await (const message of readServerSentEvents(response, heard)) {
        if (message.event === "end") return JSON.parse(message.data) as StreamEnd;
        const event = JSON.parse(message.data) as Event;
        if (event.seq <= after) continue;
        after = event.seq;
        delayMs = firstDelayMs;
        yield event;
      }
    } catch (error) {
      if (error instanceof SyntaxError || (error instanceof ApiError && !error.retryable)) throw error;
    } finally {
      clearTimeout(watchdog);
      connection.abort();
    }
    onConnection?.(false);
    await pause(delayMs, signal);
    delayMs = Math.min(delayMs * 2, longestDelayMs);
  }
}

/** Waits with jitter, so that a thousand watchers do not come back in the same instant; ends early when aborted. */
async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs * (0.5 + Math.random() / 2));
    signal?.addEventListener("abort", done, { once: true });
    if (signal?.aborted) done();
  });
}
