/**
 * Tasks of kind `wait`. The executor looks once; when the condition is not met yet it puts the task down as `blocked` and gives its slot back.
 * From then on the row in `waits` is the wait (see waits.ts): nothing runs, so there is nothing that a kill or a reboot could lose.
 */
import type { WaitParams } from "../../plan/params/wait.ts";
import { readParams } from "../../plan/task-params.ts";
import type { OutsideStore } from "../store/outside.ts";
import type { Executor } from "./executor.ts";
import { type LookOptions, lookOnce } from "./wait-look.ts";

export type WaitOptions = LookOptions & { outside: Pick<OutsideStore, "beginWait"> };

const waitHold = "wait";

/** Seconds until the next look after so many. */
export function pauseSeconds(
  { firstSeconds, backoff, mostSeconds, seconds, maxSeconds }: WaitParams,
  looks: number,
  waited: number,
) {
  if (seconds !== undefined) return Math.max(0.05, Math.min(seconds, maxSeconds) - waited);
  return Math.max(0.05, Math.min(mostSeconds, firstSeconds * backoff ** (looks - 1), Math.max(0.05, maxSeconds - waited)));
}

export function createWaitExecutor(options: WaitOptions): Executor {
  return {
    kind: "wait",
    async run(assignment, { directory, signal }) {
      const last = assignment.released.at(-1);
      if (last?.name === waitHold)
        return { status: "succeeded", message: last.note ?? "a person said that it is so", summary: last.note ?? "" };
      try {
        const params = readParams("wait", assignment.task);
        const look = await lookOnce(params, 0, assignment, { directory, signal }, options);
        if ("stopped" in look) return look.stopped;
        if (look.met) return { status: "succeeded", message: `met at once: ${look.what}`, summary: look.what };
        await options.outside.beginWait(assignment.executionId, assignment.ordinal, pauseSeconds(params, 1, 0));
        const hold = { name: waitHold, waitFor: "external", onDone: "continue" } as const;
        return { status: "held", message: `waits: ${look.what}`, hold };
      } catch (error) {
        return { status: "failed", failureClass: "permanent", message: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
