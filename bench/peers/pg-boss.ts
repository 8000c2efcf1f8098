/** pg-boss as a plain queue with a dependency table beside it: completion, counters and the next jobs commit together. */
import pg from "pg";
import { type Db, type Job, type JobInsert, PgBoss } from "pg-boss";
import type { Engine, Environment, Session } from "../engine.ts";
import type { Journal } from "../journal.ts";
import { settled } from "../settled.ts";
import { createDependencyTable, hasDependencies, releasedTasks, storeGraph } from "./dependency-table.ts";

type Data = { run: number; task: number; ordered: boolean };

const queue = "tasks";
const batchSize = 500;

async function open({ database }: Environment): Promise<Session> {
  const pool = new pg.Pool({ ...database, max: 2 });
  await createDependencyTable(pool);
  const boss = new PgBoss({ ...database, useListenNotify: true, schedule: false, supervise: false });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  await boss.createQueue(queue, { notify: true });
  let current: Journal | undefined;
  let runs = 0;
  const jobs = (run: number, tasks: number[], ordered: boolean): JobInsert<Data>[] =>
    tasks.map((task) => ({ data: { run, task, ordered } }));

  await boss.work(queue, { batchSize, burstWhenBatchFull: true, transactional: true }, async (batch: Job<Data>[], db: Db) => {
    const tasks = batch.map(({ data }) => data.task);
    for (const task of tasks) current?.execute(task);
    const first = batch[0]?.data;
    if (first === undefined || !first.ordered) return;
    const { rows } = await db.executeSql(releasedTasks, [first.run, tasks]);
    const released = rows.map(({ task }: { task: number }) => task);
    if (released.length > 0) await boss.insert(queue, jobs(first.run, released, true), { db });
  });

  return {
    async run(graph, journal) {
      current = journal;
      runs += 1;
      const ordered = hasDependencies(graph);
      const roots = ordered ? await storeGraph(pool, runs, graph) : [...graph.dependencies.keys()];
      await boss.insert(queue, jobs(runs, roots, ordered));
      await journal.complete;
      await settled(async () => {
        const { rows } = await pool.query<{ idle: boolean }>(
          "select not exists (select from pgboss.job where state < 'completed') as idle",
        );
        return rows[0]?.idle === true;
      });
    },
    async close() {
      await boss.stop({ graceful: false });
      await pool.end();
    },
  };
}

export const engine: Engine = {
  name: "pg-boss batch + our table",
  standing: "queue",
  setup: `batches of ${batchSize}, LISTEN/NOTIFY, burst fetching, transactional worker; dependencies are not its own: a set-based table of ours, the same transaction adds the free ones`,
  open,
};
