/** DBOS with every task a workflow of its own on a queue. */
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Engine } from "../engine.ts";
import { openDbos, type Plan, type Task } from "./dbos-workflows.ts";

const queueName = "tasks";
const pollingIntervalMs = 10;

function queuedTasks(execute: Task): Plan {
  const runTask = DBOS.registerWorkflow(execute, { name: "task" });
  const executeWave = async (tasks: number[]) => {
    const handles = await Promise.all(tasks.map((task) => DBOS.startWorkflow(runTask, { queueName })(task)));
    await DBOS.waitAll(handles, { pollingIntervalMs });
  };
  return {
    executeWave,
    executeIndependent: executeWave,
    launched: async () => void (await DBOS.registerQueue(queueName, { minPollingIntervalMs: pollingIntervalMs })),
  };
}

export const engine: Engine = {
  name: "DBOS queue",
  standing: "yardstick",
  setup: `every task a queued workflow, queue and results polled every ${pollingIntervalMs} ms; a parent workflow goes through the graph in waves`,
  most: { dagLayers: 5, independent: 1000 },
  open: (environment) => openDbos(environment, queuedTasks),
};
