/** pg-boss with its own flows. They are resolved every 5 s unless somebody asks for it, so the worker asks after every batch ("eager"). */
import pg from "pg";
import { PgBoss } from "pg-boss";
import type { Engine, Environment, Session } from "../engine.ts";
import type { Journal } from "../journal.ts";
import { settled } from "../settled.ts";
import { hasDependencies } from "./dependency-table.ts";

type Data = { task: number; ordered: boolean };

const queue = "tasks";
const batchSize = 500;

async function open({ database }: Environment): Promise<Session> {
  const pool = new pg.Pool({ ...database, max: 2 });
  const boss = new PgBoss({ ...database, useListenNotify: true, schedule: false, supervise: false });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  await boss.createQueue(queue, { notify: true });
  let current: Journal | undefined;

  const worker: string = await boss.work<Data>(queue, { batchSize, burstWhenBatchFull: true }, async (batch) => {
    for (const { data } of batch) current?.execute(data.task);
    if (batch[0]?.data.ordered !== true) return;
    await boss.complete(queue, batch);
    await boss.resolveFlow();
    boss.notifyWorker(worker);
  });

  return {
    async run(graph, journal) {
      current = journal;
      const ordered = hasDependencies(graph);
      const tasks = graph.dependencies.map((needed, task) => ({
        ref: String(task),
        name: queue,
        data: { task, ordered },
        dependsOn: needed.map(String),
      }));
      if (ordered) await boss.flow(tasks);
      else
        await boss.insert(
          queue,
          tasks.map(({ data }) => ({ data })),
        );
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
  name: "pg-boss flow, eager",
  standing: "yardstick",
  setup: `its own flows, resolved after every batch; batches of ${batchSize}, LISTEN/NOTIFY, burst fetching`,
  open,
};
