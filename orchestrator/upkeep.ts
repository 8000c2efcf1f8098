/** What keeps one node in order beside its work: rescue of stuck tasks, and letting go of what ended long ago. */
import { join } from "node:path";
import type { Config } from "./config.ts";
import type { createLog } from "./log.ts";
import { createOrphanPass } from "./orphans.ts";
import { Rescue, type RescueOptions } from "./rescue.ts";
import { Retention } from "./retention.ts";
import type { Database } from "./store/db.ts";
import type { ExecutionStore } from "./store/executions.ts";
import { createRetentionStore } from "./store/retention.ts";

export type UpkeepParts = Pick<RescueOptions, "engine" | "onQueued" | "onLost" | "onAdopted" | "onError"> & {
  config: Config;
  log: ReturnType<typeof createLog>;
  database: Database;
  executions: ExecutionStore;
};

export function createUpkeep({ config, log, database, executions, engine, onError, ...rescuing }: UpkeepParts) {
  const directory = join(config.home, "executions");
  const endOrphans = createOrphanPass({
    directory,
    lost: (keys) => engine.heartbeat(keys),
    isKnown: (executionId) => executions.context(executionId).then(Boolean, () => false),
    onEnded: (orphan) => log.warn(orphan, "ended a command whose attempt is no longer this node's"),
    now: () => performance.now(),
  });
  return {
    rescue: new Rescue({ ...rescuing, engine, endOrphans, onError, now: Date.now, random: Math.random }),
    retention: new Retention({
      store: createRetentionStore(database),
      directory,
      eventDays: config.retainDays.events,
      logDays: config.retainDays.logs,
      onError,
      onPruned: (report) => log.info(report, "let go of what ended long ago"),
      now: Date.now,
    }),
  };
}
