/**
 * Structured log lines on standard output, one JSON object each. Code reports what happened; this file says it. Every line of a request
 * carries its correlation id, every line about a task its execution, task and attempt.
 */
import { type LoggerOptions, multistream, pino } from "pino";
import type { ClaimedTask } from "./store/engine.ts";
import type { Report } from "./worker.ts";

const secretKeys = ["token", "authorization", "password", "apiKey", "*.token", "*.authorization", "*.password", "*.apiKey"];

/** @param also takes every line besides standard output */
export function createLog(level: string, correlationId: () => string | undefined, also?: { write(line: string): void }) {
  const options: LoggerOptions = {
    level,
    redact: { paths: secretKeys, censor: "[redacted]" },
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: () => {
      const id = correlationId();
      return id === undefined ? {} : { correlationId: id };
    },
  };
  const log =
    also === undefined
      ? pino(options)
      : pino(
          options,
          multistream([
            { level: "trace", stream: process.stdout },
            { level: "trace", stream: also },
          ]),
        );
  const subject = ({ executionId, attempt, task }: ClaimedTask) => ({ executionId, taskId: task.id, attempt });
  let complained = "";

  return Object.assign(log, {
    claimed(claimed: ClaimedTask[]): void {
      for (const one of claimed) if ((one.task.kind as string) !== "noop") log.info(subject(one), "task started");
    },
    ended(reports: (Report & { result: { accepted: boolean; status: string | null } })[]): void {
      for (const { claimed, ending, result, seconds } of reports) {
        if ((claimed.task.kind as string) === "noop" && result.accepted) continue;
        const facts = { ...subject(claimed), status: result.status, seconds, failureClass: ending.detail.failureClass };
        if (!result.accepted) log.warn(facts, "report refused: the attempt was superseded");
        else if (result.status === "completed") log.info(facts, "task completed");
        else log.warn(facts, `task ${result.status}: ${ending.detail.message}`);
      }
    },
    /** Loops repeat what fails; the same complaint is written once until something else happens. */
    failed(error: unknown, doing: string): void {
      const message = `could not ${doing}: ${error instanceof Error ? error.message : String(error)}`;
      if (message !== complained) log.error({ err: error }, message);
      complained = message;
    },
  });
}
