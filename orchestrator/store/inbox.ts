/** What waits for people, as the rows say it. */
import { type CompactTask, expandTask } from "../../plan/compact.ts";
import type { Task } from "../../plan/model.ts";
import type { Database } from "./db.ts";

export type AwaitingRow = {
  execution_id: string;
  ordinal: number;
  task_id: string;
  title: string;
  execution_status: string;
  execution_priority: number;
  status: string;
  spec: Task;
  message: string | null;
  hold: { name: string; detail?: Record<string, unknown> } | null;
  since: Date;
  /** Tasks that cannot start before it, directly or through others. */
  unblocks: number;
  /** What was prepared: files of the task itself and of those it depends on. */
  material: { taskId: string; name: string; mediaType: string; bytes: number; location: string }[];
};

/** More than a person can look at; the most urgent come first anyway. */
const most = 500;

export function createInboxStore(database: Database) {
  return {
    /** What hangs on a task is walked row by row: joined, a plan of 10,000 tasks took 18 s before its tables were analysed. */
    async awaiting(): Promise<AwaitingRow[]> {
      const rows = await database.query<Omit<AwaitingRow, "spec"> & { spec: CompactTask }>({
        name: "awaiting",
        text: `select t.execution_id, t.ordinal, t.task_id, l.title, e.status as execution_status, e.priority as execution_priority, t.status,
                 p.spec, t.message, t.result -> 'hold' as hold,
                 coalesce((select max(v.at) from execution_events v where v.execution_id = t.execution_id and v.task_id = t.task_id
                   and v.type in ('task.awaiting_human', 'task.awaiting_approval', 'task.blocked')), e.created_at) as since,
                 (with recursive below (ordinal) as (
                    select d.dependent from task_dependencies d where d.execution_id = t.execution_id and d.dependency = t.ordinal
                    union
                    select d.dependent from below b cross join lateral (select d.dependent from task_dependencies d
                      where d.execution_id = t.execution_id and d.dependency = b.ordinal offset 0) d
                  ) select count(*)::integer from below b where (select x.status from execution_tasks x
                      where x.execution_id = t.execution_id and x.ordinal = b.ordinal) = 'pending') as unblocks,
                 coalesce((select jsonb_agg(jsonb_build_object('taskId', x.task_id, 'name', a.name, 'mediaType', a.media_type, 'bytes', a.bytes,
                     'location', a.location) order by a.ordinal = t.ordinal desc, a.ordinal, a.name)
                   from artifacts a join execution_tasks x on x.execution_id = a.execution_id and x.ordinal = a.ordinal and x.attempt = a.attempt
                   where a.execution_id = t.execution_id and a.name not like '%evidence.json' and (a.ordinal = t.ordinal or a.ordinal in (
                     select d.dependency from task_dependencies d where d.execution_id = t.execution_id and d.dependent = t.ordinal))), '[]') as material
               from execution_tasks t join executions e on e.id = t.execution_id join plans l on l.id = e.plan_id
               join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal
               where e.status in ('queued', 'running', 'paused', 'blocked') and e.waiting > 0
                 and (t.status in ('awaiting_human', 'awaiting_approval') or (t.status = 'blocked' and t.result ? 'hold'))
               order by unblocks desc, t.execution_id, t.ordinal limit $1`,
        values: [most],
      });
      return rows.map((row) => ({ ...row, spec: expandTask(row.spec) }));
    },
  };
}

export type InboxStore = ReturnType<typeof createInboxStore>;
