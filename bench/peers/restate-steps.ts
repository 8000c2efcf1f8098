/** Restate with every task a journaled step of the plan's invocation. */
import type { Engine } from "../engine.ts";
import { execute, openRestate } from "./restate-services.ts";

export const engine: Engine = {
  name: "Restate steps",
  standing: "yardstick",
  setup: "as Restate calls, but every task a step (`ctx.run`) of the plan's invocation",
  most: { independent: 2000 },
  open: (environment) => openRestate(environment, (context, task) => context.run(`task ${task}`, () => execute(task))),
};
