/** What tasks took before, by kind. */
import type { History } from "../../plan/forecast.ts";
import type { TaskKind } from "../../plan/model.ts";
import type { Database } from "./db.ts";

/** The newest patterns are enough for percentiles, and the past changes. */
const newest = 5_000;

type Row = { task_type: TaskKind; runs: number; minutes: [number, number, number]; usd: [number, number, number] | null };

/** The 10th, 50th and 90th percentile of what succeeded. */
export async function kindHistory(database: Database): Promise<History> {
  const rows = await database.query<Row>({
    name: "kind_history",
    text: `select task_type, count(*)::integer as runs,
             percentile_cont(array[0.1, 0.5, 0.9]) within group (order by (payload ->> 'duration_seconds')::double precision / 60) as minutes,
             percentile_cont(array[0.1, 0.5, 0.9]) within group (order by (payload ->> 'cost_usd')::double precision) as usd
           from (select task_type, payload from patterns where outcome <> 'failure' order by number desc limit $1) p group by task_type`,
    values: [newest],
  });
  return Object.fromEntries(
    rows.map(({ task_type: kind, runs, minutes, usd }) => [
      kind,
      { runs, minutes, ...(usd === null || usd.includes(null as unknown as number) ? {} : { usd }) },
    ]),
  );
}
