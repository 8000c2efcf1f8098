/** One task with its neighbours and attempts. */
import { expandTask } from "../../plan/compact.ts";
import type { Task } from "../../plan/model.ts";
import type { TaskPage } from "../api/task-contract.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { TaskStatus, Usage } from "../domain/task.ts";
import type { Database } from "./db.ts";

type Row = {
  status: TaskStatus;
  attempt: number;
  message: string | null;
  result: (Partial<Omit<NonNullable<TaskPage["result"]>, "costUsd" | "tokens">> & { usage?: Usage | null }) | null;
  spec: Task;
  dependencies: TaskPage["dependencies"];
  dependents: TaskPage["dependents"];
  failures: TaskPage["failures"];
};

const neighbours = (own: string, other: string) => `coalesce((
  select jsonb_agg(jsonb_build_object('id', n.task_id, 'title', np.spec ->> 'title', 'status', n.status) order by n.ordinal)
  from task_dependencies d join execution_tasks n on n.execution_id = d.execution_id and n.ordinal = d.${other}
  join plan_tasks np on np.plan_id = e.plan_id and np.ordinal = n.ordinal
  where d.execution_id = t.execution_id and d.${own} = t.ordinal), '[]')`;

export function createTaskPageStore(database: Database) {
  return {
    /** @throws LonghaulError not_found */
    async page(executionId: string, taskId: string): Promise<TaskPage> {
      const [row] = await database.query<Row>({
        name: "task_page",
        text: `select t.status, t.attempt, t.message, t.result, p.spec,
                 ${neighbours("dependent", "dependency")} as dependencies, ${neighbours("dependency", "dependent")} as dependents,
                 coalesce((select jsonb_agg(jsonb_build_object('attempt', a.attempt, 'nodeId', a.node_id, 'failureClass', a.failure_class,
                   'message', a.detail ->> 'message', 'startedAt', a.started_at, 'finishedAt', a.finished_at) order by a.attempt)
                   from attempts a where a.execution_id = t.execution_id and a.ordinal = t.ordinal), '[]') as failures
               from execution_tasks t join executions e on e.id = t.execution_id
               join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal
               where t.execution_id = $1 and t.task_id = $2`,
        values: [executionId, taskId],
      });
      if (row === undefined) {
        throw new LonghaulError("not_found", `Execution ${executionId} has no task ${JSON.stringify(taskId)}.`, {
          hint: `GET /api/executions/${executionId} lists its tasks.`,
        });
      }
      const { result, spec, ...rest } = row;
      return { executionId, taskId, ...rest, spec: expandTask(spec), result: result === null ? null : resultOf(result) };
    },
  };
}

function resultOf({ usage, ...result }: NonNullable<Row["result"]>): NonNullable<TaskPage["result"]> {
  return {
    summary: result.summary || null,
    exitCode: result.exitCode ?? null,
    sessionId: result.sessionId ?? null,
    costUsd: usage?.costUsd ?? null,
    tokens: usage ? (usage.inputTokens ?? 0) + (usage.outputTokens ?? 0) : null,
    failureClass: result.failureClass ?? null,
    evidence: result.evidence ?? [],
    logFile: result.logFile ?? null,
    isolation: result.isolation ?? null,
  };
}
