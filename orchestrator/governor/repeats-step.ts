/**
 * Around each task: recognises that it goes round in circles, and asks a person instead of trying again.
 *
 * The fingerprint of each failure is kept with its attempt, so the same failure is recognised after a restart, on another node and after a retry by
 * a person. A session that makes the same call and gets the same answer again and again is ended; that is a failure with a fingerprint too.
 */
import type { AttemptStep } from "../attempt-step.ts";
import type { AttemptContext, AttemptEvent, Outcome } from "../executors/executor.ts";
import type { ExecutionStore } from "../store/executions.ts";
import { fingerprintOf } from "./fingerprint.ts";

export type RepeatsStepOptions = {
  executions: Pick<ExecutionStore, "failures">;
  /** So many equal failures in a row are enough. */
  sameFailures: number;
  /** So many equal calls with equal answers in a row are a stuck session; 15 by default. */
  sameCalls?: number;
};

const defaultSameCalls = 15;

export function withoutRepeats({ executions, sameFailures, sameCalls = defaultSameCalls }: RepeatsStepOptions): AttemptStep {
  return async (assignment, context, next) => {
    const stuck = new AbortController();
    const calls = createCallCounter();
    const watching: AttemptContext = {
      ...context,
      signal: AbortSignal.any([context.signal, stuck.signal]),
      async record(entry) {
        await context.record(entry);
        for (const event of entry.events) if (calls.take(event) >= sameCalls) stuck.abort("cancelled");
      },
    };
    const ended = await next(assignment, assignment.task.kind === "claude" ? watching : context);
    const outcome: Outcome =
      ended.status === "cancelled" && stuck.signal.aborted && !context.signal.aborted
        ? {
            ...ended,
            status: "failed",
            failureClass: "transient",
            message: `stuck: ${calls.last()} with the same answer each time`,
          }
        : ended;
    const fingerprint = fingerprintOf(outcome);
    if (fingerprint === undefined) return outcome;
    const marked = { ...outcome, fingerprint };
    const { attemptsLeft, fingerprints } = await executions.failures(assignment.executionId, assignment.ordinal);
    const before = fingerprints.findIndex((one) => one !== fingerprint);
    const times = 1 + (before === -1 ? fingerprints.length : before);
    if (times < sameFailures || !attemptsLeft) return marked;
    return {
      ...marked,
      status: "held",
      message: `failed ${times} times in the same way, so it is not tried again: ${outcome.message}`,
      hold: { name: "repeated-failure", waitFor: "human", onDone: "continue", detail: { times, failure: outcome.message } },
    };
  };
}

function createCallCounter() {
  let call = "";
  let name = "";
  let round = "";
  let times = 0;
  return {
    /** How often the same call with the same answer came in a row, up to this event. */
    take({ type, data }: AttemptEvent): number {
      if (type === "agent.tool") {
        name = String(data["name"]);
        call = `${name} ${String(data["input"])}`;
      } else if (type === "agent.tool_result") {
        const now = `${call}\n${String(data["text"])}`;
        times = now === round ? times + 1 : 1;
        round = now;
      }
      return times;
    },
    last: () => `the tool ${name} was called ${times} times`,
  };
}
