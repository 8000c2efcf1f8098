import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Database, openDatabase } from "../../orchestrator/store/db.ts";
import { brokenInvariants } from "../support/invariants.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { processesOf } from "../support/processes.ts";
import { faultRounds, seededRandom } from "../support/seed.ts";

const rounds = faultRounds(2, 200);
const leaseSeconds = 2;

let database: Database;
let drop: () => Promise<void>;
let nodes: [TestOrchestrator, TestOrchestrator];
let shared: string;
let own: string;
beforeAll(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
  [shared, own] = [await mkdtemp("/tmp/longhaul-shared-"), await mkdtemp("/tmp/longhaul-own-")];
  const environment = {
    DATABASE_URL: test.databaseUrl,
    LONGHAUL_SHARED_PATHS: shared,
    LONGHAUL_LEASE_SECONDS: String(leaseSeconds),
    LONGHAUL_SHELL_CONCURRENCY: "3",
  };
  nodes = [await createTestOrchestrator(environment), await createTestOrchestrator(environment)];
});
afterAll(async () => {
  for (const node of nodes) await node.remove();
  await database.close();
  await drop();
  for (const folder of [shared, own]) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const idOf = async ({ home }: TestOrchestrator) => (await readFile(join(home, "node-id"), "utf8")).trim();
const startsBy = async (executionId: string) => {
  const rows = await database.query<{ node: string; n: number }>({
    name: "starts",
    text: "select data ->> 'node' as node, count(*)::integer as n from execution_events where execution_id = $1 and type = 'task.started' group by 1",
    values: [executionId],
  });
  return new Map(rows.map(({ node, n }) => [node, n]));
};

it("a workspace that only one node can see keeps its tasks there, also while that node is away", async () => {
  const [first, second] = nodes;
  const { client } = await first.start();
  await second.start();
  const tasks = ["a", "b", "c", "d"].map((id) => ({
    id,
    title: id,
    command: "sleep 1",
    retry: { maxAttempts: 9, backoffMs: 0 },
  }));
  const { executionId } = await client.handoff({ plan: { title: "bound", tasks }, options: { workspace: own } });
  await expect.poll(async () => (await startsBy(executionId)).size).toBe(1);
  await first.kill();
  // The other node finds that the lease ran out and queues the tasks again; it must leave them there.
  const standing = "select status from executions e where e.id = $1 and e.running = 0 and e.ready + e.retrying > 0";
  await expect
    .poll(() => database.query({ name: "standing", text: standing, values: [executionId] }), { timeout: 20_000 })
    .toHaveLength(1);
  await delay(500); // time for it to do the wrong thing
  const again = await first.start();
  expect(await untilEnded(again.client, executionId)).toMatchObject({ status: "completed" });
  expect([...(await startsBy(executionId)).keys()]).toEqual([await idOf(first)]);
  await expect.poll(() => processesOf(executionId), { timeout: 20_000 }).toEqual([]);
  expect(await brokenInvariants(database)).toEqual([]);
}, 120_000);

it("a rolling restart loses no running child: every task runs once", async () => {
  const [first, second] = nodes;
  for (const node of nodes) await node.terminate();
  const { client } = await first.start();
  await second.start();
  const tasks = Array.from({ length: 12 }, (_, index) => ({
    id: `t${index}`,
    title: `t${index}`,
    command: `echo t${index} >> rolled; sleep 1`,
    retry: { maxAttempts: 1 },
  }));
  const { executionId } = await client.handoff({ plan: { title: "rolling", tasks }, options: { workspace: shared } });
  await expect.poll(async () => (await startsBy(executionId)).size).toBe(2);
  for (const node of nodes) {
    expect(await node.terminate()).toBe(0);
    await node.start();
  }
  const running = await first.terminate().then(() => first.start());
  expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
  const ran = (await readFile(join(shared, "rolled"), "utf8")).trim().split("\n");
  expect(ran.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
  expect(await brokenInvariants(database)).toEqual([]);
}, 120_000);

it(`two nodes are killed, frozen past their lease and restarted ${rounds} times: one result per task, in order`, async () => {
  const random = seededRandom();
  for (const node of nodes) await node.terminate();
  const started = await Promise.all(nodes.map((node) => node.start()));
  const processes = started.map((node) => node.process);
  let client = (started[0] as (typeof started)[number]).client;
  const layers = 4 + rounds;
  const tasks = Array.from({ length: layers * 4 }, (_, index) => {
    const layer = Math.floor(index / 4);
    return {
      id: `t${index}`,
      title: `t${index}`,
      command: `echo "start t${index}" >> journal; sleep 0.${1 + (index % 5)}; echo "end t${index}" >> journal`,
      dependencies: layer === 0 ? [] : [0, 1, 2, 3].map((place) => `t${(layer - 1) * 4 + place}`),
      retry: { maxAttempts: 100, backoffMs: 50, maxBackoffMs: 50 },
    };
  });
  const { executionId } = await client.handoff({ plan: { title: "nodes", tasks }, options: { workspace: shared } });
  const counts = { kill: 0, freeze: 0, restart: 0 };
  for (let round = 0; round < rounds; round += 1) {
    await delay(random() * 600);
    const place = random() < 0.5 ? 0 : 1;
    const what = (["kill", "freeze", "restart"] as const)[Math.floor(random() * 3)] ?? "kill";
    counts[what] += 1;
    const node = nodes[place];
    if (what === "freeze") {
      processes[place]?.kill("SIGSTOP");
      await delay(leaseSeconds * 1000 * (1.2 + random() / 2));
      processes[place]?.kill("SIGCONT");
    } else {
      await (what === "kill" ? node.kill() : node.terminate());
      if (random() < 0.3) await delay(leaseSeconds * 1200); // away until its lease is over
      const again = await node.start();
      processes[place] = again.process;
      if (place === 0) client = again.client;
    }
  }
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed", progress: { current: tasks.length } });
  expect(await brokenInvariants(database)).toEqual([]);
  await expect.poll(() => processesOf(executionId), { timeout: 20_000 }).toEqual([]);
  const completed = await database.query<{ n: number }>({
    name: "completed",
    text: "select count(*)::integer as n from execution_events where execution_id = $1 and type = 'task.completed' group by task_id",
    values: [executionId],
  });
  expect(completed).toEqual(tasks.map(() => ({ n: 1 })));
  const journal = (await readFile(join(shared, "journal"), "utf8")).trim().split("\n");
  for (const { id, dependencies } of tasks) {
    const began = journal.indexOf(`start ${id}`);
    expect(began).toBeGreaterThan(-1);
    for (const dependency of dependencies) expect(journal.indexOf(`end ${dependency}`)).toBeLessThan(began);
  }
  console.log(
    `${JSON.stringify(counts)}, ${journal.filter((line) => line.startsWith("start")).length} starts of ${tasks.length} tasks`,
  );
}, 3_600_000);
