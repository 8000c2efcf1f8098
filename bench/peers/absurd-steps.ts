/** absurd with every task a step of one task; its steps run one after the other. */
import { Absurd } from "absurd-sdk";
import pg from "pg";
import type { Engine, Environment, Session } from "../engine.ts";
import type { Journal } from "../journal.ts";
import { settled } from "../settled.ts";
import { installAbsurd } from "./absurd-schema.ts";

async function open({ database }: Environment): Promise<Session> {
  const pool = new pg.Pool({ ...database, max: 4 });
  await installAbsurd(pool);
  const app = new Absurd({ db: pool, queueName: "plans" });
  await app.createQueue();
  let current: Journal | undefined;

  app.registerTask<{ tasks: number }>({ name: "plan" }, async ({ tasks }, context) => {
    for (let task = 0; task < tasks; task += 1) await context.step(`task ${task}`, () => Promise.resolve(current?.execute(task)));
  });
  await app.startWorker({ pollInterval: 0.01 });

  return {
    async run(graph, journal) {
      current = journal;
      await app.spawn("plan", { tasks: graph.dependencies.length });
      await journal.complete;
      await settled(async () => {
        const { rows } = await pool.query<{ idle: boolean }>(
          "select not exists (select from absurd.t_plans where state <> 'completed') as idle",
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
  name: "absurd steps",
  standing: "yardstick",
  setup: "every task a step of one task, in topological order, one after the other",
  most: { dagLayers: 10, independent: 1000 },
  open,
};
