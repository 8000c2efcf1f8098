/** DBOS with every task a step of the plan's workflow. */
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Engine } from "../engine.ts";
import { openDbos, type Plan, type Task } from "./dbos-workflows.ts";

function steps(execute: Task): Plan {
  return {
    executeWave: async (tasks) => {
      await Promise.all(tasks.map((task) => DBOS.runStep(() => execute(task), { name: `task ${task}` })));
    },
  };
}

export const engine: Engine = {
  name: "DBOS steps",
  standing: "yardstick",
  setup: "every task a step of one workflow, which goes through the graph in waves",
  most: { dagLayers: 10, independent: 2000 },
  open: (environment) => openDbos(environment, steps),
};
