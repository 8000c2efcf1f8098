/** Figures, ratings and trends on a real orchestrator and its database. */
import { mkdtemp, rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Client } from "../../client/client.ts";
import { metricsOf, rateExecution, trendsOf } from "../../client/metrics.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

let orchestrator: TestOrchestrator;
let drop: () => Promise<void>;
let client: Client;
let executionId: string;
let workspace: string;
beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  ({ client } = await orchestrator.start());
  workspace = await mkdtemp("/tmp/longhaul-work-");
  const tasks = [
    {
      id: "a",
      title: "A",
      command: "echo done",
      verify: ["true", "echo 'Tests:       1 skipped, 3 passed, 4 total'; echo 'Test Suites: 1 passed, 1 total'"],
    },
    { id: "b", title: "B", command: "false", retry: { maxAttempts: 1 } },
  ];
  ({ executionId } = await client.handoff({ plan: { title: "figures", tasks }, options: { workspace } }));
  await untilEnded(client, executionId);
});
afterAll(async () => {
  await orchestrator.remove();
  await drop();
  await rm(workspace, { recursive: true, force: true });
});

const figures = async () => {
  const { metrics } = await metricsOf(client, executionId);
  return Object.fromEntries(metrics.map(({ taskId, metric, value }) => [`${taskId ?? "all"} ${metric}`, value]));
};

it("an execution that ends leaves its figures", async () => {
  const found = await figures();
  expect(found).toMatchObject({
    "all execution_success_ratio": 0.5,
    "all execution_duration_seconds": expect.any(Number),
    "all execution_tokens": 0,
    "a task_attempts": 1,
    "a task_pass_rate": 0.75,
    "b task_duration_seconds": expect.any(Number),
  });
  expect(found["a task_duration_seconds"]).toBeGreaterThan(0);
  expect(found).not.toHaveProperty("b task_pass_rate");
});

it("a person rates the whole and its tasks, and may think again", async () => {
  await rateExecution(client, executionId, { rating: 3 });
  await rateExecution(client, executionId, { rating: 9, note: "on second thoughts" });
  await rateExecution(client, executionId, { rating: 1, taskId: "b" });
  expect(await figures()).toMatchObject({ "all execution_rating": 9, "b task_rating": 1 });
  const { events } = await client.events(executionId, { limit: 1000 });
  expect(events.filter(({ type }) => type.endsWith(".rated")).map(({ type, taskId, data }) => [type, taskId, data])).toEqual([
    ["execution.rated", null, { rating: 3 }],
    ["execution.rated", null, { rating: 9, note: "on second thoughts" }],
    ["task.rated", "b", { rating: 1 }],
  ]);
  await expect(rateExecution(client, executionId, { rating: 11 })).rejects.toThrow("rating");
  await expect(rateExecution(client, executionId, { rating: 5, taskId: "none" })).rejects.toThrow("no task none");
});

it("trends have what was recorded a moment ago, per day and metric", async () => {
  const { trends } = await trendsOf(client, { metric: "execution_success_ratio" });
  expect(trends).toMatchObject([
    { day: new Date().toISOString().slice(0, 10), samples: 1, mean: 0.5, median: 0.5, minimum: 0.5, maximum: 0.5 },
  ]);
  await client.control(executionId, { action: "retry", taskId: "b" });
  await untilEnded(client, executionId);
  const { executionId: second } = await client.handoff({
    plan: { title: "more", tasks: [{ id: "a", title: "A", command: "true" }] },
    options: { workspace },
  });
  await untilEnded(client, second);
  const again = await trendsOf(client, { metric: "execution_success_ratio" });
  expect(again.trends).toMatchObject([{ samples: 2, mean: 0.75, minimum: 0.5, maximum: 1 }]);
  expect((await trendsOf(client, { days: 1 })).trends.map(({ metric }) => metric)).toContain("task_rating");
});
