/** The value of executions of a real orchestrator: what is recorded is added up, what is not stays unknown. */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { valueOfAll, valueOfExecution } from "../../client/value.ts";
import { longhaul } from "../support/command.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let connection: Awaited<ReturnType<typeof createTestDatabase>>["connection"];

beforeAll(async () => {
  const database = await createTestDatabase();
  ({ drop, connection } = database);
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  running = await orchestrator.start();
});
afterAll(async () => {
  await orchestrator.remove();
  await drop();
});

const handoff = async (tasks: object[], options: object = {}) =>
  (await running.client.handoff({ plan: { title: "Worth it", tasks }, options })).executionId;

async function waitingAction(executionId: string): Promise<string> {
  for await (const event of running.client.stream(executionId)) if (event.type === "task.awaiting_human") break;
  return (await running.client.pendingActions()).find((action) => action.executionId === executionId)?.id as string;
}

describe("the value of an execution", () => {
  it("counts what ran without a person, and takes the minutes that people say from what they would have needed", async () => {
    const executionId = await handoff(
      [
        { id: "a", title: "Alone", command: "true", manualEstimate: "30m-60m" },
        { id: "b", title: "Ask", kind: "human", manualEstimate: "20m", dependencies: ["a"] },
        { id: "c", title: "No estimate", command: "true", dependencies: ["b"] },
        { id: "d", title: "Fails", command: "false", retry: { maxAttempts: 1 }, dependencies: ["c"] },
      ],
      { valueUsd: 100 },
    );
    const action = await waitingAction(executionId);
    const open = await valueOfExecution(running.client, executionId);
    expect(open).toMatchObject({
      tasks: { total: 4, completed: 1, pending: 3 },
      automation: { percentage: 100, withoutHuman: 1, completed: 1 },
      blockers: [{ taskId: "b", waitsFor: "human", until: null }],
    });
    expect((await valueOfAll(running.client)).blockers).toMatchObject([{ executionId, taskId: "b" }]);
    await running.client.completeAction(action, { minutes: 5 });
    await untilEnded(running.client, executionId);
    const value = await valueOfExecution(running.client, executionId);
    expect(value).toMatchObject({
      executions: 1,
      tasks: { total: 4, completed: 3, pending: 0, failed: 1 },
      automation: { percentage: 66.7, withoutHuman: 2, completed: 3 },
      timeSaved: { minMinutes: 45, maxMinutes: 75, tasks: 2, completed: 3 },
      cost: { usd: 0, tokens: 0, tasksOfUnknownCost: 0 },
      worth: null,
      blockers: [{ taskId: "b", waitsFor: "human", until: expect.any(String) }],
    });
    expect(value.waitedSeconds.human).toBeCloseTo(value.blockers[0]?.seconds ?? -1, -1);
  });

  it("says that it does not know: no estimate, no completed task, no worth, no cost to compare it with", async () => {
    const without = await handoff([{ id: "a", title: "Alone", command: "true" }]);
    await untilEnded(running.client, without);
    expect(await valueOfExecution(running.client, without)).toMatchObject({ timeSaved: null, worth: null });
    const failed = await handoff([{ id: "a", title: "Fails", command: "false", retry: { maxAttempts: 1 } }], { valueUsd: 5 });
    await untilEnded(running.client, failed);
    expect(await valueOfExecution(running.client, failed)).toMatchObject({ automation: null, worth: null });
    const free = await handoff([{ id: "a", title: "Free", command: "true" }], { valueUsd: 5 });
    await untilEnded(running.client, free);
    expect((await valueOfExecution(running.client, free)).worth).toEqual({ usd: 5, costUsd: 0, roi: null });
  });

  it("bounds what people worked by how long it waited, where nobody said it, and counts a retry by hand as a hand in it", async () => {
    const executionId = await handoff([{ id: "a", title: "Ask", kind: "human", manualEstimate: "10m" }]);
    await running.client.completeAction(await waitingAction(executionId), {});
    await untilEnded(running.client, executionId);
    const { timeSaved, blockers } = await valueOfExecution(running.client, executionId);
    expect(timeSaved?.maxMinutes).toBe(10);
    expect(timeSaved?.minMinutes).toBeCloseTo(10 - (blockers[0]?.seconds ?? 0) / 60, 0);

    const again = await handoff([
      { id: "a", title: "Second try", command: "test -e tried || { touch tried; false; }", retry: { maxAttempts: 1 } },
    ]);
    await untilEnded(running.client, again);
    await running.client.control(again, { action: "retry" });
    await untilEnded(running.client, again);
    expect((await valueOfExecution(running.client, again)).automation).toEqual({ percentage: 0, withoutHuman: 0, completed: 1 });
  });

  it("leaves out what is no longer recorded instead of calling it automatic", async () => {
    const executionId = await handoff([{ id: "a", title: "Ask", kind: "human", manualEstimate: "10m" }]);
    await running.client.completeAction(await waitingAction(executionId), {});
    await untilEnded(running.client, executionId);
    const client = new pg.Client(connection);
    await client.connect();
    await client.query("update executions set finished_at = finished_at - interval '200 days' where id = $1", [executionId]);
    await client.end();
    await longhaul(orchestrator.home, "prune");
    expect(await valueOfExecution(running.client, executionId)).toMatchObject({
      unrecorded: 1,
      tasks: { completed: 1 },
      automation: null,
      timeSaved: null,
    });
  });

  it("is printed with what is unknown named, for one and for all", async () => {
    const text = await longhaul(orchestrator.home, "value");
    expect(text).toMatch(/Tasks +\d+ of \d+ completed, .* in \d+ executions/);
    expect(text).toContain("Time saved");
    expect(await longhaul(orchestrator.home, "value", "--since", "2999-01-01")).toContain("Time saved   unknown");
  });
});
