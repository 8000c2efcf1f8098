/** What checking leaves in the database: evidence as artifacts, results of gates, iterations of fixing. Each write says false when the attempt was superseded. */
import { v7 as uuidv7 } from "uuid";
import type { Evidence } from "../api/contract.ts";
import type { Finding } from "../api/test-result-contract.ts";
import type { Review } from "../api/verification-contract.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Database } from "./db.ts";
import type { AttemptKey } from "./engine.ts";

export type GateRecord = {
  /** Place among the gates of the task. */
  position: number;
  trigger: "pre" | "mid" | "post" | "evaluation";
  name: string;
  status: "passed" | "failed" | "warned";
  onFail: "halt" | "warn" | "continue";
  message: string;
  durationMs: number;
  /** Of an evaluation. */
  score?: number;
};
export type GateRow = {
  task_id: string;
  attempt: number;
  trigger: GateRecord["trigger"];
  name: string;
  status: GateRecord["status"];
  on_fail: GateRecord["onFail"];
  message: string;
  duration_ms: number;
  at: Date;
};
export type CheckedTask = {
  ordinal: number;
  attempt: number;
  workspace: string;
  evidence: Evidence[];
  findings: Finding[];
  review: Review | null;
};

export function createVerificationStore(database: Database) {
  const call = async (name: string, key: AttemptKey, rest: unknown[]): Promise<boolean> => {
    const places = rest.map((_, index) => `$${index + 4}`).join(", ");
    const [row] = await database.query<{ value: boolean }>({
      name,
      text: `select ${name}($1, $2, $3, ${places}) as value`,
      values: [key.executionId, key.ordinal, key.attempt, ...rest],
    });
    return row?.value === true;
  };
  return {
    recordEvidence: (
      key: AttemptKey,
      file: { name: string; bytes: number; digest: string; location: string },
      event: Record<string, unknown>,
    ) =>
      call("record_evidence", key, [
        JSON.stringify({ id: uuidv7(), mediaType: "application/json", ...file }),
        JSON.stringify(event),
      ]),
    recordGate: (key: AttemptKey, gate: GateRecord) => call("record_gate", key, [JSON.stringify(gate)]),
    recordFix: (key: AttemptKey, iteration: number, message: string) => call("record_fix", key, [iteration, message]),
    gates: (executionId: string) =>
      database.query<GateRow>({
        name: "gate_results",
        text: `select t.task_id, g.attempt, g.trigger, g.name, g.status, g.on_fail, g.message, g.duration_ms, g.at
               from gate_results g join execution_tasks t on t.execution_id = g.execution_id and t.ordinal = g.ordinal
               where g.execution_id = $1 order by g.at, g.ordinal, g.position`,
        values: [executionId],
      }),
    /** @throws LonghaulError not_found */
    async checkedTask(executionId: string, taskId: string): Promise<CheckedTask> {
      const [row] = await database.query<CheckedTask>({
        name: "checked_task",
        text: `select t.ordinal, t.attempt, e.workspace, coalesce(t.result -> 'evidence', '[]') as evidence,
                 coalesce(t.result -> 'findings', '[]') as findings, nullif(t.result -> 'review', 'null') as review
               from executions e join execution_tasks t on t.execution_id = e.id where e.id = $1 and t.task_id = $2`,
        values: [executionId, taskId],
      });
      if (row === undefined)
        throw new LonghaulError("not_found", `No task '${taskId}' in execution ${executionId}`, {
          hint: "GET /api/executions/ID lists its tasks.",
        });
      return row;
    },
  };
}

export type VerificationStore = ReturnType<typeof createVerificationStore>;
