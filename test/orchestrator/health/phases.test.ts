import { mkdtemp, rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Client } from "../../../client/client.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

let orchestrator: TestOrchestrator;
let drop: () => Promise<void>;
let client: Client;
let workspace: string;
beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  ({ client } = await orchestrator.start());
  workspace = await mkdtemp("/tmp/longhaul-work-");
});
afterAll(async () => {
  await orchestrator.remove();
  await rm(workspace, { recursive: true, force: true });
  await drop();
});

const story = async (executionId: string) =>
  (await client.events(executionId, { limit: 1000 })).events
    .filter(({ type }) => ["phase.completed", "task.completed", "task.failed", "execution.completed"].includes(type))
    .map(({ type, taskId, data }) => (type === "phase.completed" ? `phase ${String(data["message"])}` : (taskId ?? type)));

const handoff = async (phases: object[]) =>
  (await client.handoff({ plan: { title: "Launch", phases }, options: { workspace, retry: { maxAttempts: 1 } } })).executionId;
const task = (id: string, command: string) => ({ id, title: id, command });

it("a phase is completed with its last task, once, and before the plan is", async () => {
  const executionId = await handoff([
    { id: "a", title: "Build", tasks: [task("one", "true"), { ...task("two", "true"), dependencies: ["one"] }] },
    { id: "b", title: "Ship", dependencies: ["a"], tasks: [task("three", "true")] },
  ]);
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  expect(await story(executionId)).toEqual(["one", "two", "phase Build", "three", "phase Ship", "execution.completed"]);
});

it("a phase with a failed task is not, until the task has been retried", async () => {
  const executionId = await handoff([
    { id: "a", title: "Build", tasks: [task("flaky", "test -e ok || { touch ok; exit 1; }"), task("other", "true")] },
  ]);
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
  expect((await story(executionId)).some((line) => line.startsWith("phase"))).toBe(false);
  await client.control(executionId, { action: "retry" });
  for await (const { type } of client.stream(executionId)) if (type === "execution.completed") break;
  expect((await story(executionId)).filter((line) => line.startsWith("phase"))).toEqual(["phase Build"]);
});
