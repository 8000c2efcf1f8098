/** Puts the parts of health together as one orchestrator needs them. */
import type { Health } from "../api/contract.ts";
import type { Feature } from "../api/door-env.ts";
import { healthRoutes } from "../api/health-routes.ts";
import type { Config } from "../config.ts";
import { createRedactor } from "../executors/redact.ts";
import type { Database } from "../store/db.ts";
import type { ExecutionStore } from "../store/executions.ts";
import { createHealthStore } from "../store/health.ts";
import { createDependencyCheck, type Dependency, type DependencyOptions } from "./dependencies.ts";
import { HealthMonitor, type MonitorOptions } from "./monitor.ts";
import { checkHealth } from "./report.ts";

export type HealthParts = Pick<MonitorOptions, "node" | "secrets" | "onChange" | "onAlert" | "onError"> & {
  config: Config;
  database: Database;
  executions: ExecutionStore;
  startedMs: number;
  telemetry: (() => Dependency) | undefined;
  s3: (() => Dependency) | undefined;
};

/** @returns the monitor, the answer of `/health` once the channels are known, and the routes */
export function createHealth({ config, database, executions, startedMs, telemetry, s3, ...monitoring }: HealthParts) {
  const store = createHealthStore(database);
  const isReady = () =>
    executions.ping().then(
      () => true,
      () => false,
    );
  return {
    monitor: new HealthMonitor({ ...monitoring, store, thresholds: config.health, home: config.home, now: Date.now }),
    routes: healthRoutes({ isReady, alerts: store }) satisfies Feature,
    checks(channels: { store: DependencyOptions["notifications"]; channels: readonly string[] }): () => Promise<Health> {
      const dependencies = createDependencyCheck({
        home: config.home,
        thresholds: config.health,
        qdrant: config.learning.qdrant,
        embedding: config.learning.embedding,
        notifications: channels.store,
        channels: channels.channels,
        telemetry,
        s3,
        redact: createRedactor(monitoring.secrets).redact,
        now: Date.now,
      });
      return () => checkHealth({ executions, dependencies, nodeId: monitoring.node, startedMs, now: Date.now });
    },
  };
}
