/** absurd with every task a task of its own. */
import { Absurd } from "absurd-sdk";
import pg from "pg";
import type { Engine, Environment, Session } from "../engine.ts";
import type { Journal } from "../journal.ts";
import { settled } from "../settled.ts";
import { installAbsurd } from "./absurd-schema.ts";
import { createDependencyTable, hasDependencies, releasedTasks, storeGraph } from "./dependency-table.ts";

type Parameters = { run: number; task: number; ordered: boolean };

const concurrency = 20;

async function open({ database }: Environment): Promise<Session> {
  const pool = new pg.Pool({ ...database, max: concurrency });
  await installAbsurd(pool);
  await createDependencyTable(pool);
  const app = new Absurd({ db: pool, queueName: "tasks" });
  await app.createQueue();
  let current: Journal | undefined;
  let runs = 0;

  app.registerTask<Parameters>({ name: "task" }, async ({ run, task, ordered }) => {
    current?.execute(task);
    if (!ordered) return;
    const client = await pool.connect();
    await client.query("begin");
    const { rows } = await client.query<{ task: number }>(releasedTasks, [run, [task]]);
    const bound = app.bindToConnection(client);
    for (const released of rows) await bound.spawn("task", { run, task: released.task, ordered }, { queue: "tasks" });
    await client.query("commit");
    client.release();
  });
  await app.startWorker({ concurrency, pollInterval: 0.01 });

  return {
    async run(graph, journal) {
      current = journal;
      runs += 1;
      const ordered = hasDependencies(graph);
      const roots = ordered ? await storeGraph(pool, runs, graph) : [...graph.dependencies.keys()];
      await Promise.all(roots.map((task) => app.spawn("task", { run: runs, task, ordered })));
      await journal.complete;
      await settled(async () => {
        const { rows } = await pool.query<{ idle: boolean }>(
          "select not exists (select from absurd.t_tasks where state <> 'completed') as idle",
        );
        return rows[0]?.idle === true;
      });
    },
    async close() {
      await app.close();
      await pool.end();
    },
  };
}

export const engine: Engine = {
  name: "absurd tasks",
  standing: "yardstick",
  setup: `every task a task, concurrency ${concurrency}, polled every 10 ms; dependencies in a table of ours, the task spawns its free dependents`,
  most: { dagLayers: 5, independent: 1000 },
  open,
};
