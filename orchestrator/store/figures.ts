/** Figures of executions and their trends. */
import type { Database } from "./db.ts";

export type FigureRow = { task_id: string | null; metric: string; value: number; recorded_at: Date };
export type TrendRow = {
  day: string;
  metric: string;
  samples: number;
  mean: number;
  median: number;
  minimum: number;
  maximum: number;
};

export function createFigureStore(database: Database) {
  return {
    /** @throws LonghaulError not_found */
    async rate(executionId: string, taskId: string | null, rating: number, note: string | null): Promise<void> {
      await database.query({ name: "rate", text: "select rate($1, $2, $3, $4)", values: [executionId, taskId, rating, note] });
    },
    figures: (executionId: string) =>
      database.query<FigureRow>({
        name: "figures",
        text: `select t.task_id, m.metric, m.value, m.recorded_at
               from execution_metrics m left join execution_tasks t on t.execution_id = m.execution_id and t.ordinal = m.ordinal
               where m.execution_id = $1 order by m.ordinal nulls first, m.metric`,
        values: [executionId],
      }),
    trends: (days: number, metric: string | null) =>
      database.query<TrendRow>({
        name: "metric_trends",
        text: `select to_char(day, 'YYYY-MM-DD') as day, metric, samples, mean, median, minimum, maximum from metric_trends
               where day > (longhaul_now() at time zone 'UTC')::date - $1::integer and ($2::text is null or metric = $2)
               order by day desc, metric`,
        values: [days, metric],
      }),
    /** Whether something was recorded since the view was made. */
    async trendsAreStale(): Promise<boolean> {
      const rows = await database.query<{ stale: boolean }>({
        name: "trends_are_stale",
        text: "select exists (select from execution_metrics m, metric_refresh r where m.recorded_at >= r.refreshed_at) as stale",
        values: [],
      });
      return rows[0]?.stale === true;
    },
    /** Readers go on with the old rows meanwhile. What is recorded while it runs is stale again. */
    async refreshTrends(): Promise<void> {
      const [row] = await database.query<{ at: Date }>({ name: "now", text: "select longhaul_now() as at", values: [] });
      await database.query({ name: "refresh_trends", text: "refresh materialized view concurrently metric_trends", values: [] });
      await database.query({
        name: "trends_refreshed",
        text: "update metric_refresh set refreshed_at = greatest(refreshed_at, $1::timestamptz)",
        values: [row?.at],
      });
    },
  };
}

export type FigureStore = ReturnType<typeof createFigureStore>;
