/** Tasks that do nothing, in this process: for measuring the engine and for its tests. */
import { setTimeout as delay } from "node:timers/promises";
import type { Executor, Outcome } from "./executor.ts";

/** `params.delayMs` is how long it takes, `params.fail` (true or a message) makes it fail. */
export function createNoopExecutor(): Executor {
  return {
    kind: "noop",
    async run({ task }, { signal }): Promise<Outcome> {
      const { delayMs, fail } = task.params;
      if (typeof delayMs === "number" && delayMs > 0) {
        try {
          await delay(delayMs, undefined, { signal });
        } catch {
          return { status: signal.reason === "detach" ? "detached" : "cancelled", message: "stopped on request" };
        }
      }
      if (fail)
        return {
          status: "failed",
          failureClass: "transient",
          message: typeof fail === "string" ? fail : "failed as it was told",
        };
      return { status: "succeeded", message: "did nothing" };
    },
  };
}
