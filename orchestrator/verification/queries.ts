/** What can be asked about checks: rows of the store → what the API answers. */
import type { VerificationQueries } from "../api/verification-routes.ts";
import type { ExecutionStore } from "../store/executions.ts";
import type { VerificationStore } from "../store/verification.ts";
import { type ReplayOptions, replay } from "./replay.ts";

export function createVerificationQueries(
  options: ReplayOptions & { store: VerificationStore; executions: ExecutionStore },
): VerificationQueries {
  const { store, executions } = options;
  return {
    async evidence(executionId, taskId) {
      const { attempt, evidence, findings, review } = await store.checkedTask(executionId, taskId);
      return { executionId, taskId, attempt, evidence, findings, review };
    },
    replay: (executionId, taskId) => replay(options, executionId, taskId),
    async gates(executionId) {
      await executions.execution(executionId); // not_found for an unknown one
      const rows = await store.gates(executionId);
      return {
        executionId,
        gates: rows.map((row) => ({
          taskId: row.task_id,
          attempt: row.attempt,
          trigger: row.trigger,
          gate: row.name,
          status: row.status,
          onFail: row.on_fail,
          message: row.message,
          durationMs: row.duration_ms,
          at: row.at.toISOString(),
        })),
      };
    },
  };
}
