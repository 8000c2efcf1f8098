/** What watches the work of one node and tells of it, put together: health and metrics. */
import type { Config } from "./config.ts";
import { createHealth, type HealthParts } from "./health/health.ts";
import type { createLog } from "./log.ts";
import { createMetrics, type MetricsOptions } from "./metrics/metrics.ts";
import { createMetricsStore } from "./store/metrics.ts";

export type ObservationParts = Pick<
  HealthParts,
  "database" | "executions" | "startedMs" | "node" | "secrets" | "onChange" | "onError" | "telemetry"
> &
  Pick<MetricsOptions, "accounts" | "runningAttempts"> & { config: Config; log: ReturnType<typeof createLog> };

export function createObservation({ config, log, accounts, runningAttempts, ...parts }: ObservationParts) {
  return {
    metrics: createMetrics({
      store: createMetricsStore(parts.database),
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
      onAlert: ({ message, ...facts }) => log.warn(facts, message),
    }),
  };
}
