/** Which executions change, from the connection on; a lost connection comes back by itself, and its return counts as a change of everything. */
import { ApiError } from "./api-error.ts";
import type { CallOptions } from "./client.ts";
import { readServerSentEvents } from "./server-sent-events.ts";
import type { Transport } from "./transport.ts";

const silenceMs = 45_000;
const [firstDelayMs, longestDelayMs] = [250, 5_000];

/** Yields ids; an empty list where anything may have changed. */
export async function* followChanges(transport: Transport, { signal }: CallOptions): AsyncGenerator<string[], void, undefined> {
  const isOver = () => signal?.aborted === true;
  for (let delayMs = firstDelayMs; !isOver(); delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    const connection = new AbortController();
    const watch = () => setTimeout(() => connection.abort(), silenceMs);
    let watchdog = watch();
    try {
      const response = await transport({
        method: "GET",
        path: "/api/changes",
        headers: { accept: "text/event-stream" },
        signal: signal === undefined ? connection.signal : AbortSignal.any([signal, connection.signal]),
        bounded: false,
      });
      yield [];
      const heard = () => {
        clearTimeout(watchdog);
        watchdog = watch();
      };
      for await (const { data } of readServerSentEvents(response, heard)) {
        delayMs = firstDelayMs;
        yield (JSON.parse(data) as { executionIds: string[] }).executionIds;
      }
    } catch (error) {
      if (isOver()) return;
      if (error instanceof SyntaxError || (error instanceof ApiError && !error.retryable)) throw error;
    } finally {
      clearTimeout(watchdog);
      connection.abort();
    }
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}
