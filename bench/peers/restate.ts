/** Restate with every task an invocation of its own. */
import type { Engine } from "../engine.ts";
import { openRestate, taskService } from "./restate-services.ts";

export const engine: Engine = {
  name: "Restate calls",
  standing: "yardstick",
  setup:
    "single node, one partition per core; every task an invocation, called in waves by the plan's invocation; RSS is the SDK's process without the server",
  most: { dagLayers: 30, independent: 3000 },
  open: (environment) => openRestate(environment, (context, task) => context.serviceClient(taskService).run(task)),
};
