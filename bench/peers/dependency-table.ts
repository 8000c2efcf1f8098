/**
 * What a user adds to a queue that knows no dependencies: a table of the plan beside the queue's own. When tasks finish, the same transaction
 * records that, lowers the counters of their dependents and adds the jobs of those that have become free; after a crash it is repeated safely.
 */
import type pg from "pg";
import { dependents, type Graph } from "../graph.ts";

const schema = `
create table plan_task (
  run integer, id integer, pending integer not null, done boolean not null default false, dependents integer[] not null, primary key (run, id)
) with (fillfactor = 50);

create function release_dependents(of_run integer, finished integer[]) returns setof integer language plpgsql as $$
begin
  perform from plan_task where run = of_run and id = any (finished || array(
    select unnest(dependents) from plan_task where run = of_run and id = any (finished))) order by id for update;
  return query with marked as (
    update plan_task set done = true where run = of_run and id = any (finished) and not done returning dependents
  ), lowered as (
    select unnest(dependents) as id, count(*)::integer as by from marked group by 1
  )
  update plan_task set pending = pending - lowered.by from lowered
    where run = of_run and plan_task.id = lowered.id returning case pending when 0 then plan_task.id end;
end $$;
`;

export async function createDependencyTable(pool: pg.Pool): Promise<void> {
  await pool.query(schema);
}

/** Stores a graph and returns its roots, which the caller enqueues. */
export async function storeGraph(pool: pg.Pool, run: number, graph: Graph): Promise<number[]> {
  const pending = graph.dependencies.map((needed) => needed.length);
  const waiting = dependents(graph).map((ids) => `{${ids.join(",")}}`);
  await pool.query(
    "insert into plan_task (run, id, pending, dependents) select $1, n - 1, p, d::integer[] from unnest($2::integer[], $3::text[]) with ordinality u (p, d, n)",
    [run, pending, waiting],
  );
  return pending.flatMap((count, task) => (count === 0 ? [task] : []));
}

/** SQL for the tasks that have become free, as rows with the column `task`; parameters are the run and the finished tasks. */
export const releasedTasks = "select task from release_dependents($1, $2) task where task is not null";

export function hasDependencies(graph: Graph): boolean {
  return graph.dependencies.some((needed) => needed.length > 0);
}
