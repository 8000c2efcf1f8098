/**
 * The reachable limit: a bare DAG loop of a few SQL statements over whole sets, one event row per transition. It has no attempts, leases,
 * fencing, retries or API; what it reaches is what the database allows.
 */
import pg from "pg";
import type { Engine, Environment, Session } from "../engine.ts";
import { dependents } from "../graph.ts";

const schema = `
create table task (
  run integer, id integer, state "char" not null, pending integer not null, dependents integer[] not null, primary key (run, id)
) with (fillfactor = 50);
create index task_ready on task (run, id) where state = 'r';
create table event (sequence bigint generated always as identity primary key, run integer not null, task integer not null, kind "char" not null);

create function submit(new_run integer, pending integer[], dependents text[]) returns void language sql as $$
  insert into task select new_run, n - 1, case pending[n] when 0 then 'r' else 'w' end, pending[n], dependents[n]::integer[]
    from generate_series(1, cardinality(pending)) n;
  insert into event (run, task, kind) select new_run, n - 1, 'q' from generate_series(1, cardinality(pending)) n where pending[n] = 0;
  select pg_notify('ready', '');
$$;

-- Finishes the given tasks, makes ready whoever waited for the last of them, and claims what is ready: one round trip per group.
create function step(of_run integer, done integer[], slots integer) returns table (id integer) language plpgsql as $$
begin
  if cardinality(done) > 0 then
    with finished as (
      update task set state = 'd' where task.run = of_run and task.id = any (done) and state = 'c' returning task.id, task.dependents
    ), lowered as (
      select unnest(finished.dependents) as id, count(*)::integer as by from finished group by 1
    ), unlocked as (
      update task set pending = pending - lowered.by, state = case pending - lowered.by when 0 then 'r' else state end
        from lowered where task.run = of_run and task.id = lowered.id returning task.id, task.state
    )
    insert into event (run, task, kind)
      select of_run, finished.id, 'd' from finished union all select of_run, unlocked.id, 'q' from unlocked where state = 'r';
  end if;
  return query with next as (
    select task.id from task where task.run = of_run and state = 'r' order by task.id limit slots for update skip locked
  ), claimed as (
    update task set state = 'c' from next where task.run = of_run and task.id = next.id returning task.id
  ), recorded as (
    insert into event (run, task, kind) select of_run, claimed.id, 'c' from claimed
  )
  select claimed.id from claimed;
end $$;
`;

const slots = 1000;

async function open({ database }: Environment): Promise<Session> {
  const worker = new pg.Client({ ...database, options: "-c jit=off" });
  const submitter = new pg.Client(database);
  await Promise.all([worker.connect(), submitter.connect()]);
  await worker.query(schema);
  await worker.query("listen ready");
  let runs = 0;

  return {
    async run(graph, journal) {
      runs += 1;
      const current = runs;
      const submitted = new Promise((resolve) => worker.once("notification", resolve));
      const pending = graph.dependencies.map((needed) => needed.length);
      const waiting = dependents(graph).map((ids) => `{${ids.join(",")}}`);
      await submitter.query("select submit($1, $2, $3)", [current, pending, waiting]);
      await submitted;
      let done: number[] = [];
      do {
        const { rows } = await worker.query<{ id: number }>({
          name: "step",
          text: "select id from step($1, $2, $3)",
          values: [current, done, slots],
        });
        done = rows.map(({ id }) => id);
        for (const task of done) journal.execute(task);
      } while (done.length > 0);
    },
    async close() {
      await Promise.all([worker.end(), submitter.end()]);
    },
  };
}

export const engine: Engine = {
  name: "set-SQL rows",
  standing: "limit",
  setup: "our own bare SQL, sets of up to 1,000 tasks, one event row per transition",
  open,
};
