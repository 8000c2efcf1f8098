/** What watches the work of one node, tells of it and keeps what it left, put together: health, metrics, traces, artifacts. */
import { createArtifacts } from "./artifacts/artifacts.ts";
import type { Config } from "./config.ts";
import { createHealth, type HealthParts } from "./health/health.ts";
import type { createLog } from "./log.ts";
import { createMetrics, type MetricsOptions } from "./metrics/metrics.ts";
import { createMetricsStore } from "./store/metrics.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

export type ObservationParts = Pick<
  HealthParts,
  "database" | "executions" | "startedMs" | "node" | "secrets" | "onChange" | "onError"
> &
  Pick<MetricsOptions, "accounts" | "runningAttempts"> & {
    config: Config;
    log: ReturnType<typeof createLog>;
    telemetry: Telemetry;
  };

export function createObservation({ config, log, accounts, runningAttempts, telemetry, ...parts }: ObservationParts) {
  const { database, executions, onError } = parts;
  const artifacts = createArtifacts({ home: config.home, s3: config.s3, database, executions, onError });
  return {
    artifacts,
    tracing: telemetry.tracing({ database, onError }),
    metrics: createMetrics({
      store: createMetricsStore(database),
      accounts,
      node: parts.node,
      ...config.metrics,
      day: config.dayBudget,
      runningAttempts,
      now: Date.now,
    }),
    health: createHealth({
      ...parts,
      config,
      telemetry: telemetry.state,
      s3: artifacts.state,
      onAlert: ({ message, ...facts }) => log.warn(facts, message),
    }),
  };
}
