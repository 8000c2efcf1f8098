/** What `/health` and `/capabilities` say: facts looked up when asked, never remembered from start. */
import type { Capabilities, Health } from "./api/contract.ts";
import type { ExecutionStore } from "./store/executions.ts";

export type HealthOptions = {
  executions: ExecutionStore;
  version: string;
  nodeId: string;
  startedMs: number;
  now(): number;
};

/** Ready means that a handoff would be accepted, which needs the database and nothing else. */
export async function checkHealth({ executions, version, nodeId, startedMs, now }: HealthOptions): Promise<Health> {
  const beforeMs = now();
  const database: Health["dependencies"][string] = await executions.ping().then(
    (answer) => ({ status: "up", detail: `PostgreSQL ${answer.version}`, latencyMs: now() - beforeMs }),
    (error: unknown) => ({ status: "down", detail: error instanceof Error ? error.message : String(error) }),
  );
  const up = database.status === "up";
  return {
    status: up ? "ok" : "down",
    live: true,
    ready: up,
    version,
    nodeId,
    uptimeSeconds: Math.round((now() - startedMs) / 1000),
    dependencies: { database },
  };
}

export type CapabilityFacts = Omit<Capabilities, "database"> & { embedded: boolean };

export async function describeCapabilities(facts: CapabilityFacts, executions: ExecutionStore): Promise<Capabilities> {
  const { embedded, ...rest } = facts;
  return { ...rest, database: { version: (await executions.ping()).version, embedded } };
}
