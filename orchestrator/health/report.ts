/** What `/health` and `/capabilities` say: facts looked up when asked, never remembered from start. */
import { humanRules, refusedRules } from "../../plan/classify-rules.ts";
import type { Capabilities, Health } from "../api/contract.ts";
import type { Config } from "../config.ts";
import type { Executors } from "../executors/configured.ts";
import type { ExecutionStore } from "../store/executions.ts";
import { version } from "../version.ts";
import type { Dependency } from "./dependencies.ts";

export type HealthOptions = {
  executions: Pick<ExecutionStore, "ping">;
  /** The state of everything but the database. */
  dependencies(): Promise<Record<string, Dependency>>;
  nodeId: string;
  startedMs: number;
  now(): number;
};

/** Ready means that a handoff would be accepted, which needs the database and nothing else. */
export async function checkHealth({ executions, dependencies, nodeId, startedMs, now }: HealthOptions): Promise<Health> {
  const beforeMs = now();
  const [database, others] = await Promise.all([
    executions.ping().then(
      (answer): Dependency => ({ status: "up", detail: `PostgreSQL ${answer.version}`, latencyMs: now() - beforeMs }),
      (error: unknown): Dependency => ({ status: "down", detail: error instanceof Error ? error.message : String(error) }),
    ),
    dependencies(),
  ]);
  const up = database.status === "up";
  const isWell = Object.values(others).every(({ status }) => status !== "down" && status !== "degraded");
  return {
    status: up ? (isWell ? "ok" : "degraded") : "down",
    live: true,
    ready: up,
    version,
    nodeId,
    uptimeSeconds: Math.round((now() - startedMs) / 1000),
    dependencies: { database, ...others },
  };
}

export type CapabilityFacts = {
  config: Pick<Config, "concurrency" | "perKind" | "maxPlanBytes" | "maxTasks">;
  executors: Pick<Executors, "described" | "isolation" | "isolationLevels">;
  channels: string[];
  planFormats: string[];
  embedded: boolean;
};

export async function describeCapabilities(facts: CapabilityFacts, executions: ExecutionStore): Promise<Capabilities> {
  const { config, executors, embedded, channels, planFormats } = facts;
  const { concurrency, perKind, maxPlanBytes, maxTasks } = config;
  return {
    version,
    executors: executors.described,
    notAutomated: [...refusedRules, ...humanRules].map(({ name, level, reason }) => ({ rule: name, level, reason })),
    channels,
    isolation: { ...executors.isolation, levels: executors.isolationLevels },
    planFormats,
    limits: { concurrency, perKind: { ...perKind }, maxPlanBytes, maxTasks },
    database: { version: (await executions.ping()).version, embedded },
  };
}
