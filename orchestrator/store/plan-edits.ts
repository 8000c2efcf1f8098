/** The plan of an execution as it stands in the database, and the change of it. */
import type { ApprovalMode } from "../../plan/approval-points.ts";
import { type CompactTask, expandTask } from "../../plan/compact.ts";
import type { Plan, Task } from "../../plan/model.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { TaskStatus } from "../domain/task.ts";
import type { Database } from "./db.ts";
import type { NewTask } from "./engine.ts";

export type StoredTask = {
  ordinal: number;
  task: Task;
  /** Undefined for groups, which do not run. */
  status: TaskStatus | undefined;
  skipCause: string | null;
};
export type StoredPlan = {
  plan: Plan;
  tasks: StoredTask[];
  /** File or folder it was read from. */
  path: string | undefined;
  options: {
    retry?: { maxAttempts?: number; backoffMultiplier?: number };
    format?: string;
    approvalMode?: ApprovalMode;
    parameters?: Record<string, string>;
  };
};

export type EditedTask = Omit<NewTask, "parent" | "skipCause"> & { ordinal: number; skipCause: NewTask["skipCause"] | "user" };
export type PlanEdit = {
  document: object;
  tasks: EditedTask[];
  removed: number[];
  /** Tasks whose dependencies are replaced by `edges`. */
  rewired: number[];
  edges: { dependency: number; dependent: number }[];
  event: object;
};

export function createPlanEditStore(database: Database) {
  return {
    /** @throws LonghaulError not_found */
    async plan(executionId: string): Promise<StoredPlan> {
      const [head] = await database.query<{ document: Omit<Plan, "tasks">; options: StoredPlan["options"] & { path?: string } }>({
        name: "stored_plan",
        text: "select p.document, e.options from executions e join plans p on p.id = e.plan_id where e.id = $1",
        values: [executionId],
      });
      if (head === undefined)
        throw new LonghaulError("not_found", `No execution ${executionId}`, { hint: "GET /api/executions lists them." });
      const rows = await database.query<{
        ordinal: number;
        spec: CompactTask;
        status: TaskStatus | null;
        skip_cause: string | null;
      }>({
        name: "stored_plan_tasks",
        text: `select p.ordinal, p.spec, t.status, t.skip_cause from executions e join plan_tasks p on p.plan_id = e.plan_id
               left join execution_tasks t on t.execution_id = e.id and t.ordinal = p.ordinal where e.id = $1 order by p.ordinal`,
        values: [executionId],
      });
      const tasks = rows.map((row) => ({
        ordinal: row.ordinal,
        task: expandTask(row.spec),
        status: row.status ?? undefined,
        skipCause: row.skip_cause,
      }));
      const { path, ...options } = head.options;
      return { plan: { ...head.document, tasks: tasks.map(({ task }) => task) }, tasks, path, options };
    },
    /** One transaction. Returns the tasks that had begun or ended in the meantime and were left as they are. */
    async edit(executionId: string, edit: PlanEdit): Promise<string[]> {
      const [row] = await database.query<{ late: string[] }>({
        name: "edit_plan",
        text: "select edit_plan($1, $2::jsonb, $3::jsonb, $4, $5, $6, $7, $8::jsonb) as late",
        values: [
          executionId,
          JSON.stringify(edit.document),
          JSON.stringify(edit.tasks),
          edit.removed,
          edit.rewired,
          edit.edges.map(({ dependency }) => dependency),
          edit.edges.map(({ dependent }) => dependent),
          JSON.stringify(edit.event),
        ],
      });
      return row?.late ?? [];
    },
  };
}

export type PlanEditStore = ReturnType<typeof createPlanEditStore>;
