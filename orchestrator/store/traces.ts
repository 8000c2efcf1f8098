/** The times that spans are made of. */
import type { Database } from "./db.ts";
import type { AttemptKey } from "./engine.ts";

export type AttemptTimes = { readyAt: Date; startedAt: Date };
export type ExecutionTimes = {
  createdAt: Date;
  finishedAt: Date;
  status: string;
  title: string;
  planId: string;
  conversationId: string;
};

export function createTraceStore(database: Database) {
  return {
    /** When the attempt could start, and when it did; undefined when it was superseded. */
    async attempt({ executionId, ordinal, attempt }: AttemptKey): Promise<AttemptTimes | undefined> {
      const [row] = await database.query<{ ready_at: Date; started_at: Date }>({
        name: "attempt_times",
        text: `select t.started_at, least(t.started_at, greatest(e.created_at,
                 (select max(u.finished_at) from task_dependencies d join execution_tasks u
                    on u.execution_id = d.execution_id and u.ordinal = d.dependency
                    where d.execution_id = $1 and d.dependent = $2),
                 (select max(a.finished_at) from attempts a where a.execution_id = $1 and a.ordinal = $2 and a.attempt < $3))) as ready_at
               from execution_tasks t join executions e on e.id = t.execution_id
               where t.execution_id = $1 and t.ordinal = $2 and t.attempt = $3`,
        values: [executionId, ordinal, attempt],
      });
      return row && { readyAt: row.ready_at, startedAt: row.started_at };
    },
    /** Undefined while the execution has not ended. */
    async execution(executionId: string): Promise<ExecutionTimes | undefined> {
      const [row] = await database.query<{
        created_at: Date;
        finished_at: Date;
        status: string;
        title: string;
        plan_id: string;
        conversation_id: string;
      }>({
        name: "execution_times",
        text: `select e.created_at, e.finished_at, e.status, l.title, e.plan_id, e.conversation_id from executions e join plans l on l.id = e.plan_id
               where e.id = $1 and e.finished_at is not null`,
        values: [executionId],
      });
      return (
        row && {
          createdAt: row.created_at,
          finishedAt: row.finished_at,
          status: row.status,
          title: row.title,
          planId: row.plan_id,
          conversationId: row.conversation_id,
        }
      );
    },
  };
}

export type TraceStore = ReturnType<typeof createTraceStore>;
