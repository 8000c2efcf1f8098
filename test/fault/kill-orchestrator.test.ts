import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Database, openDatabase } from "../../orchestrator/store/db.ts";
import { createExecutionStore } from "../../orchestrator/store/executions.ts";
import { brokenInvariants } from "../support/invariants.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { processesOf } from "../support/processes.ts";
import { faultRounds, seededRandom } from "../support/seed.ts";

const rounds = faultRounds(20, 200);

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

it(`kill -9 of the orchestrator, ${rounds} times: every task runs once, in order, and its process goes on`, async () => {
  const random = seededRandom();
  // Layers of three tasks; each writes when it starts and ends, and prints lines whose count is checked.
  const layers = Math.ceil(rounds / 2.5) + 4;
  const tasks = Array.from({ length: layers * 3 }, (_, index) => {
    const layer = Math.floor(index / 3);
    const id = `t${index}`;
    const dependencies = layer === 0 ? [] : [0, 1, 2].map((place) => `t${(layer - 1) * 3 + place}`);
    const command = `echo "start ${id} $$" >> journal; for i in 1 2 3 4 5 6 7 8; do echo "${id} line $i"; sleep 0.05; done; echo "end ${id} $$" >> journal`;
    return { id, title: id, command, dependencies, retry: { maxAttempts: 1 } };
  });
  let running = await orchestrator.start();
  const { executionId } = await running.client.handoff({ plan: { title: "kill test", tasks }, options: { workspace } });

  let slowestRecoveryMs = 0;
  for (let round = 0; round < rounds; round += 1) {
    await delay(random() * 900); // the kill is to hit any moment of the plan's life, start included
    await orchestrator.kill();
    const killedMs = Date.now();
    running = await orchestrator.start();
    slowestRecoveryMs = Math.max(slowestRecoveryMs, Date.now() - killedMs);
  }
  const status = await untilEnded(running.client, executionId);
  expect(status).toMatchObject({ status: "completed", progress: { current: tasks.length, total: tasks.length } });

  const journal = (await readFile(join(workspace, "journal"), "utf8")).trim().split("\n");
  const counted = (word: string) => journal.filter((line) => line.startsWith(`${word} `)).map((line) => line.split(" ")[1]);
  expect(counted("start").sort()).toEqual(tasks.map((task) => task.id).sort());
  expect(counted("end").sort()).toEqual(tasks.map((task) => task.id).sort());
  expect(await brokenInvariants(database)).toEqual([]);
  await expect.poll(() => processesOf(executionId), { timeout: 20_000 }).toEqual([]);

  const events = await createExecutionStore(database).events(executionId, 0, 100_000);
  const printed = (taskId: string) =>
    events
      .filter((event) => event.type === "task.output" && event.taskId === taskId)
      .map((event) => event.data["text"])
      .join("");
  for (const { id } of tasks) {
    expect(printed(id)).toBe(Array.from({ length: 8 }, (_, index) => `${id} line ${index + 1}\n`).join(""));
  }
  console.log(`slowest restart until the API answered: ${slowestRecoveryMs} ms`);
}, 1_800_000);
