/** graphile-worker without batching. */
import type { Engine } from "../engine.ts";
import { openGraphile } from "./graphile.ts";

export const engine: Engine = {
  name: "graphile-worker default",
  standing: "queue",
  setup: "10 concurrent jobs, no batching; dependencies as in graphile-worker batch",
  most: { dagLayers: 10, independent: 3000 },
  open: (environment) => openGraphile(environment, { concurrentJobs: 10 }),
};
