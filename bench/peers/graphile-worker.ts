/** graphile-worker with its batching, as in the performance test of its repository. */
import type { Engine } from "../engine.ts";
import { openGraphile } from "./graphile.ts";

export const engine: Engine = {
  name: "graphile-worker batch",
  standing: "queue",
  setup:
    "24 concurrent jobs, local queue of 500 with 10 ms refetch delay, batched completion; knows no dependencies: a table of ours, the job adds its free dependents",
  most: { dagLayers: 10 },
  open: (environment) =>
    openGraphile(environment, {
      concurrentJobs: 24,
      localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    }),
};
