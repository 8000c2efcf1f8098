import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Client } from "../../client/client.ts";
import { type Database, openDatabase } from "../../orchestrator/store/db.ts";
import { registerTestAgent, type TestAgent, testAgent } from "../support/agent-client.ts";
import { brokenInvariants } from "../support/invariants.ts";
import { createTestOrchestrator, type TestOrchestrator } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { faultRounds, seededRandom } from "../support/seed.ts";

const kills = faultRounds(2, 20);
const agentCount = faultRounds(15, 200);
const taskCount = faultRounds(40, 1_000);

let database: Database;
let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;

beforeAll(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: test.databaseUrl, LONGHAUL_AGENT_SILENT_SECONDS: "2" });
});
afterAll(async () => {
  await orchestrator.remove();
  await database.close();
  await drop();
});

it(`${agentCount} agents that repeat, come late, fall silent and forget, and ${kills} kills of the orchestrator: nothing is lost or applied twice`, async () => {
  const random = seededRandom();
  let running = await orchestrator.start();
  const port = new URL(running.url).port;
  const registered = await Promise.all(
    Array.from({ length: agentCount }, (_, index) => registerTestAgent(running, `agent ${index}`, ["chaos"])),
  );
  const tasks = Array.from({ length: taskCount }, (_, index) => ({
    id: `t${index}`,
    title: `Task ${index}`,
    kind: "agent",
    params: { capabilities: ["chaos"], onSilent: "reassign" },
    retry: { maxAttempts: 20, backoffMs: 1 },
    ...(index < 5 ? {} : { dependencies: [`t${index - 5}`] }),
  }));
  const { executionId } = await running.client.handoff({ plan: { title: "Chaos", tasks } });

  /** Lines that the orchestrator said it has; by attempt. */
  const acknowledged = new Map<string, string[]>();
  let over = false;
  const work = async (agent: TestAgent) => {
    while (!over) {
      try {
        await perform(agent);
      } catch {
        await delay(50); // the orchestrator is away
      }
    }
  };
  async function perform(agent: TestAgent): Promise<void> {
    const { work: given } = await agent.work(2);
    if (given === null) return;
    const key = `${given.taskId}/${given.attempt}`;
    if (random() < 0.1) return; // forgets it: as if the answer had not arrived
    for (let line = 0; line < 3; line += 1) {
      const text = `${agent.id} ${key} ${line}\n`;
      const report = { reportId: `${key}/${line}`, events: [{ type: "log", text }] };
      const status = await sent(agent, given, report);
      if (status !== 200) return; // not ours any more
      acknowledged.set(key, [...(acknowledged.get(key) ?? []), text]);
      if (random() < 0.1 && (await sent(agent, given, report)) !== 200) return;
    }
    if (random() < 0.1) {
      await delay(3_000); // falls silent, and comes too late; unless the orchestrator was away too, and does not hold it against it
      await sent(agent, given, { reportId: `${key}/late`, result: { status: "succeeded", summary: "late" } });
      return;
    }
    const result = { reportId: `${key}/result`, result: { status: "succeeded", summary: agent.id } };
    await sent(agent, given, result);
    if (random() < 0.2) await sent(agent, given, result);
  }
  /** Repeats a report until it is answered. */
  async function sent(agent: TestAgent, given: Parameters<TestAgent["report"]>[0], report: object): Promise<number> {
    for (;;) {
      try {
        const { status } = await agent.report(given, report);
        if (status < 500) return status;
      } catch {
        // Nobody is there.
      }
      await delay(50);
    }
  }
  const working = registered.map(({ id, token }) => work(testAgent(running.url, id, token)));

  for (let round = 0; round < kills; round += 1) {
    await delay(500 + random() * 1_500);
    await orchestrator.kill();
    running = await orchestrator.start({ LONGHAUL_PORT: port });
  }
  await untilCompleted(running.client, executionId);
  over = true;
  await Promise.all(working);

  expect(await brokenInvariants(database)).toEqual([]);
  const rows = await eventsOf(executionId);
  const lines = new Map<string, string[]>();
  for (const { task_id, attempt, text } of rows) {
    const key = `${task_id}/${attempt}`;
    lines.set(key, [...(lines.get(key) ?? []), text]);
  }
  for (const [key, texts] of acknowledged) expect(lines.get(key)?.slice(0, texts.length), key).toEqual(texts);
  for (const [key, texts] of lines) expect(new Set(texts).size, key).toBe(texts.length);
  const attempts = new Set(rows.map(({ task_id, attempt }) => `${task_id}/${attempt}`)).size;
  expect(attempts).toBeGreaterThanOrEqual(taskCount);
  console.log(`${taskCount} tasks, ${attempts} attempts that said something, ${rows.length} lines`);
}, 600_000);

async function untilCompleted(client: Client, executionId: string): Promise<void> {
  for await (const event of client.stream(executionId)) void event;
  const { status, failedTasks } = await client.status(executionId);
  expect({ status, failedTasks }).toEqual({ status: "completed", failedTasks: [] });
}

const eventsOf = (executionId: string) =>
  database.query<{ task_id: string; attempt: number; text: string }>({
    name: "lines",
    text: `select task_id, attempt, data ->> 'text' as text from execution_events
           where execution_id = $1 and type = 'task.output' order by seq`,
    values: [executionId],
  });
