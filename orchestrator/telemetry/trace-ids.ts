/**
 * The ids of traces and spans, made of what they are about: an execution is one trace, its id the trace's. So every node, every later process
 * and every log line names the same trace without anybody keeping a table of them. Pure but for the hash.
 */
import { createHash } from "node:crypto";

export type SpanKey = { traceId: string; spanId: string };

/** @param executionId a UUID; without its dashes it is what a trace id has to be */
const traceIdOf = (executionId: string): string => executionId.replaceAll("-", "").toLowerCase();

const spanIdOf = (...parts: (string | number)[]): string =>
  createHash("sha256").update(parts.join("/")).digest("hex").slice(0, 16);

export const executionSpan = (executionId: string): SpanKey => ({
  traceId: traceIdOf(executionId),
  spanId: spanIdOf(executionId),
});

export const attemptSpan = (executionId: string, taskId: string, attempt: number): SpanKey => ({
  traceId: traceIdOf(executionId),
  spanId: spanIdOf(executionId, taskId, attempt),
});

/** What a child process is told, as W3C Trace Context writes it. */
export const traceparentOf = ({ traceId, spanId }: SpanKey): string => `00-${traceId}-${spanId}-01`;
