/** Health alerts: each is raised once and cleared once, whoever measures; see sql/0014_health.sql. */
import type { Database } from "./db.ts";
import type { AttemptKey } from "./engine.ts";

export type AlertLevel = "warning" | "critical";
export type Alert = { metric: string; level: AlertLevel; message: string; data: Record<string, unknown> };
export type AlertRow = {
  execution_id: string;
  task_id: string | null;
  attempt: number;
  metric: string;
  level: AlertLevel;
  message: string;
  raised_at: Date;
};

export function createHealthStore(database: Database) {
  return {
    /** Returns whether it was news. */
    async raise(key: AttemptKey, { metric, level, message, data }: Alert): Promise<boolean> {
      const [row] = await database.query<{ news: boolean }>({
        name: "raise_health",
        text: "select raise_health($1, $2, $3, $4, '', $5, $6, $7::jsonb) as news",
        values: [key.executionId, key.ordinal, key.attempt, metric, level, message, JSON.stringify(data)],
      });
      return row?.news ?? false;
    },
    /** Returns whether there was something to clear. */
    async clear(key: AttemptKey, metric: string, message: string): Promise<boolean> {
      const [row] = await database.query<{ news: boolean }>({
        name: "clear_health",
        text: "select clear_health($1, $2, $3, $4, '', $5) as news",
        values: [key.executionId, key.ordinal, key.attempt, metric, message],
      });
      return row?.news ?? false;
    },
    /** Tells the executions that the node works on; `critical` pauses them. Returns those that had not been told. */
    async raiseDisk(node: string, path: string, { level, message, data }: Omit<Alert, "metric">): Promise<string[]> {
      const [row] = await database.query<{ told: string[] }>({
        name: "raise_disk",
        text: "select raise_disk($1, $2, $3, $4, $5::jsonb) as told",
        values: [node, path, level, message, JSON.stringify(data)],
      });
      return row?.told ?? [];
    },
    /** Returns the executions that were paused for it and go on. */
    async clearDisk(node: string, path: string, message: string): Promise<string[]> {
      const [row] = await database.query<{ resumed: string[] }>({
        name: "clear_disk",
        text: "select clear_disk($1, $2, $3) as resumed",
        values: [node, path, message],
      });
      return row?.resumed ?? [];
    },
    /** Folders whose disks were short of room when this node last looked. */
    async shortDisks(node: string): Promise<string[]> {
      const rows = await database.query<{ path: string }>({
        name: "short_disks",
        text: `select distinct substr(a.subject, length($1) + 2) as path from health_alerts a
               where a.metric = 'disk' and a.cleared_at is null and starts_with(a.subject, $1 || ':')`,
        values: [node],
      });
      return rows.map((row) => row.path);
    },
    /** When these attempts were started, in epoch milliseconds, in their order; undefined for those that are over. */
    async startedMs(keys: readonly AttemptKey[]): Promise<(number | undefined)[]> {
      const rows = await database.query<{ place: string; started_at: Date }>({
        name: "attempts_started",
        text: `select g.place, t.started_at from unnest($1::uuid[], $2::integer[], $3::integer[]) with ordinality g (execution_id, ordinal, attempt, place)
               join execution_tasks t on t.execution_id = g.execution_id and t.ordinal = g.ordinal and t.attempt = g.attempt`,
        values: [keys.map((key) => key.executionId), keys.map((key) => key.ordinal), keys.map((key) => key.attempt)],
      });
      const found = new Map(rows.map((row) => [Number(row.place), row.started_at.getTime()]));
      return keys.map((_, index) => found.get(index + 1));
    },
    /** Alerts that stand, oldest first. */
    open: (executionId: string | undefined, limit: number) =>
      database.query<AlertRow>({
        name: "open_alerts",
        text: `select a.execution_id, t.task_id, a.attempt, a.metric, a.level, a.message, a.raised_at
               from health_alerts a join executions e on e.id = a.execution_id
               left join execution_tasks t on t.execution_id = a.execution_id and t.ordinal = a.ordinal
               where a.cleared_at is null and e.finished_at is null and ($1::uuid is null or a.execution_id = $1)
                 and (a.ordinal = -1 or (t.attempt = a.attempt and t.status in ('in_progress', 'verifying')))
               order by a.raised_at limit $2`,
        values: [executionId ?? null, limit],
      }),
  };
}

export type HealthStore = ReturnType<typeof createHealthStore>;
