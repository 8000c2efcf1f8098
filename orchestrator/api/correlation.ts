/** One id per request: in the answer, in its problem details and, through `currentCorrelationId`, in every log line it causes. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";

const storage = new AsyncLocalStorage<string>();

/** The id of the request that this code runs for; for the logger's mixin. */
export function currentCorrelationId(): string | undefined {
  return storage.getStore();
}

export function withCorrelationId<Result>(correlationId: string, run: () => Result): Result {
  return storage.run(correlationId, run);
}

/** The caller's id when it is harmless in a log line, else the trace id, else a new one. */
export function correlationIdOf(header: (name: string) => string | undefined): string {
  const given = header("x-correlation-id");
  if (given !== undefined && /^[\w.:-]{8,128}$/.test(given)) return given;
  const traceId = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/.exec(header("traceparent") ?? "")?.[1];
  if (traceId !== undefined && !/^0+$/.test(traceId)) return traceId;
  return randomUUID();
}
