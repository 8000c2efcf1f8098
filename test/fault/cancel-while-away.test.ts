import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Database, openDatabase } from "../../orchestrator/store/db.ts";
import { brokenInvariants } from "../support/invariants.ts";
import { createTestOrchestrator, type TestOrchestrator } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { processesOf } from "../support/processes.ts";

let database: Database;
let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let workspace: string;
beforeAll(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: test.databaseUrl });
  workspace = await mkdtemp("/tmp/longhaul-work-");
});
afterAll(async () => {
  await orchestrator.remove();
  await database.close();
  await drop();
  await rm(workspace, { recursive: true, force: true });
});

const plan = {
  title: "to be cancelled",
  tasks: [
    { id: "a", title: "a", command: "touch started-a; sleep 600" },
    { id: "b", title: "b", command: "touch started-b; setsid sleep 600 & sleep 600" },
  ],
};

async function startPlan() {
  const { client } = await orchestrator.start();
  const { executionId } = await client.handoff({ plan, options: { workspace } });
  await expect.poll(() => ["a", "b"].every((id) => existsSync(join(workspace, `started-${id}`))), { timeout: 20_000 }).toBe(true);
  return { client, executionId };
}

it.runIf(process.platform === "linux")(
  "a cancel that comes while the orchestrator is dead ends the commands at the next start",
  async () => {
    const { executionId } = await startPlan();
    await orchestrator.kill();
    await database.query({ name: "cancel", text: "select cancel($1, 'by another node')", values: [executionId] });
    expect(processesOf(executionId).length).toBeGreaterThan(1);
    await orchestrator.start();
    await expect.poll(() => processesOf(executionId), { timeout: 30_000 }).toEqual([]);
    expect(await brokenInvariants(database)).toEqual([]);
    await orchestrator.terminate();
    await Promise.all(["a", "b"].map((id) => rm(join(workspace, `started-${id}`))));
  },
  90_000,
);

it.runIf(process.platform === "linux")(
  "a cancel whose orchestrator is killed as soon as it has said yes ends them as well",
  async () => {
    const { client, executionId } = await startPlan();
    await client.control(executionId, { action: "cancel" });
    await orchestrator.kill();
    await orchestrator.start();
    await expect.poll(() => processesOf(executionId), { timeout: 30_000 }).toEqual([]);
    expect(await brokenInvariants(database)).toEqual([]);
  },
  90_000,
);
