/** graphile-worker with the dependency table; the settings are the caller's. */
import { Logger, makeWorkerUtils, run as startWorker } from "graphile-worker";
import pg from "pg";
import type { Environment, Session } from "../engine.ts";
import type { Journal } from "../journal.ts";
import { settled } from "../settled.ts";
import { createDependencyTable, hasDependencies, releasedTasks, storeGraph } from "./dependency-table.ts";

type Settings = NonNullable<GraphileConfig.Preset["worker"]>;
type Payload = { run: number; task: number; ordered: boolean };

const addReleasedJobs = `
select from graphile_worker.add_jobs(array(
  select row('task', json_build_object('run', $1::integer, 'task', task, 'ordered', true), null, null, null, null, null, null)::graphile_worker.job_spec
  from (${releasedTasks}) released))`;

export async function openGraphile({ database }: Environment, worker: Settings): Promise<Session> {
  const pgPool = new pg.Pool({ ...database, max: (worker.concurrentJobs ?? 1) + 2 });
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  await createDependencyTable(pgPool);
  let current: Journal | undefined;
  let runs = 0;
  const runner = await startWorker({
    pgPool,
    logger,
    noHandleSignals: true,
    preset: { worker },
    taskList: {
      task: async (payload, { withPgClient }) => {
        const { run, task, ordered } = payload as Payload;
        current?.execute(task);
        if (ordered)
          await withPgClient((client) => client.query({ name: "release", text: addReleasedJobs, values: [run, [task]] }));
      },
    },
  });

  return {
    async run(graph, journal) {
      current = journal;
      runs += 1;
      const ordered = hasDependencies(graph);
      const roots = ordered ? await storeGraph(pgPool, runs, graph) : [...graph.dependencies.keys()];
      await utils.addJobs(roots.map((task) => ({ identifier: "task", payload: { run: runs, task, ordered } })));
      await journal.complete;
      await settled(async () => {
        const { rows } = await pgPool.query<{ idle: boolean }>("select not exists (select from graphile_worker.jobs) as idle");
        return rows[0]?.idle === true;
      });
    },
    async close() {
      await runner.stop();
      await utils.release();
      await pgPool.end();
    },
  };
}
