/** What is recorded about the value of executions. */
import type { ValueFacts } from "../domain/value.ts";
import type { Database } from "./db.ts";

export type WaitRow = {
  execution_id: string;
  title: string;
  task_id: string | null;
  task_title: string | null;
  waits_for: "human" | "approval" | "external" | "paused";
  message: string | null;
  since: Date;
  until: Date | null;
  seconds: number;
};

type ValueRow = {
  execution_id: string;
  title: string;
  status: string;
  recorded: boolean;
  total: number;
  completed: number;
  failed: number;
  skipped: number;
  cancelled: number;
  without_human: number;
  estimated: number;
  manual_least: number;
  manual_most: number;
  human_least: number;
  human_most: number;
  cost_usd: number;
  tokens: string;
  cost_unknown: number;
  worth_usd: number | null;
  waited: Partial<Record<WaitRow["waits_for"], number>> | null;
};

export function createValueStore(database: Database) {
  return {
    /** Ids of executions handed off since then, newest first; `before` is the id to read on from. */
    async executions(since: Date | undefined, before: string | undefined, limit: number): Promise<string[]> {
      const rows = await database.query<{ id: string }>({
        name: "valued_executions",
        text: `select id from executions where ($1::timestamptz is null or id >= uuid_lower_bound($1)) and ($2::uuid is null or id < $2)
               order by id desc limit $3`,
        values: [since ?? null, before ?? null, limit],
      });
      return rows.map(({ id }) => id);
    },
    async facts(executionIds: string[]): Promise<ValueFacts[]> {
      const rows = await database.query<ValueRow>({
        name: "execution_values",
        text: "select * from execution_values($1::uuid[])",
        values: [executionIds],
      });
      return rows.map((row) => ({
        completedExecution: row.status === "completed",
        recorded: row.recorded,
        tasks: {
          total: row.total,
          completed: row.completed,
          failed: row.failed,
          skipped: row.skipped,
          cancelled: row.cancelled,
        },
        withoutHuman: row.without_human,
        estimated: row.estimated,
        manualMinutes: { least: row.manual_least, most: row.manual_most },
        humanMinutes: { least: row.human_least, most: row.human_most },
        costUsd: row.cost_usd,
        tokens: Number(row.tokens),
        tasksOfUnknownCost: row.cost_unknown,
        worthUsd: row.worth_usd,
        waitedSeconds: row.waited ?? {},
      }));
    },
    /** What these waited for, the longest first; only what still waits, or all of it. */
    waits: (executionIds: string[], onlyOpen: boolean, limit: number) =>
      database.query<WaitRow>({
        name: "task_waits",
        text: `select w.execution_id, l.title, w.task_id, p.spec ->> 'title' as task_title, w.waits_for,
                 coalesce(w.message, p.spec ->> 'requiresHuman') as message, w.since, w.until,
                 extract(epoch from coalesce(w.until, longhaul_now()) - w.since)::double precision as seconds
               from task_waits w join executions e on e.id = w.execution_id join plans l on l.id = e.plan_id
               left join plan_tasks p on p.plan_id = e.plan_id and p.task_id = w.task_id
               where w.execution_id = any ($1::uuid[])
                 and (not $2::boolean or (w.until is null and e.status not in ('completed', 'failed', 'cancelled')))
               order by seconds desc, w.execution_id, w.seq limit $3`,
        values: [executionIds, onlyOpen, limit],
      }),
  };
}

export type ValueStore = ReturnType<typeof createValueStore>;
