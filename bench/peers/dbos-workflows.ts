/**
 * DBOS as a user writes a plan with it: one workflow walks through the graph wave by wave, because a DBOS workflow must start its parts in
 * the same order when it is replayed. What a task is (a queued workflow, or a step) is the caller's choice.
 */
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Environment, Session } from "../engine.ts";
import { waves } from "../graph.ts";
import type { Journal } from "../journal.ts";

export type Task = (task: number) => Promise<void>;

/** Registered before the launch, as DBOS demands. */
export type Plan = {
  /** Executes one group of independent tasks inside the plan's workflow. */
  executeWave: (tasks: number[]) => Promise<void>;
  /** For graphs without dependencies; by default they are a plan of one wave. */
  executeIndependent?: (tasks: number[]) => Promise<void>;
  launched?: () => Promise<void>;
};

export async function openDbos({ database }: Environment, plan: (execute: Task) => Plan): Promise<Session> {
  let current: Journal | undefined;
  const { executeWave, executeIndependent, launched } = plan((task) => Promise.resolve(current?.execute(task)));
  const runPlan = DBOS.registerWorkflow(
    async (groups: number[][]) => {
      for (const tasks of groups) await executeWave(tasks);
    },
    { name: "plan" },
  );
  const { host, user, database: name } = database;
  DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: `postgresql://${user}@localhost/${name}?host=${encodeURIComponent(host)}`,
    systemDatabasePoolSize: 20,
    logLevel: "error",
  });
  await DBOS.launch();
  await launched?.();

  return {
    async run(graph, journal) {
      current = journal;
      const groups = waves(graph);
      const [first = []] = groups;
      if (groups.length === 1 && executeIndependent !== undefined) await executeIndependent(first);
      else await (await DBOS.startWorkflow(runPlan)(groups)).getResult();
    },
    async close() {
      await DBOS.shutdown();
    },
  };
}
