import { mkdtemp, rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { registerTestAgent, testAgent } from "../../support/agent-client.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

let nodes: TestOrchestrator[];
let running: Awaited<ReturnType<TestOrchestrator["start"]>>[];
let drop: () => Promise<void>;
let workspace: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  workspace = await mkdtemp("/tmp/longhaul-shared-");
  const environment = { DATABASE_URL: database.databaseUrl, LONGHAUL_SHARED_PATHS: workspace, LONGHAUL_LEASE_SECONDS: "2" };
  nodes = await Promise.all([createTestOrchestrator(environment), createTestOrchestrator(environment)]);
  running = await Promise.all(nodes.map((node) => node.start()));
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.remove()));
  await drop();
  await rm(workspace, { recursive: true, force: true });
});

test("an agent talks to any node: work, reports and revocation reach it there; a node that dies leaves its agents' tasks to another", async () => {
  const [here, there] = running as [(typeof running)[0], (typeof running)[0]];
  const agent = await registerTestAgent(here, "anywhere", ["any"]);
  const elsewhere = testAgent(there.url, agent.id, agent.token);
  const waiting = elsewhere.nextWork();
  const task = (id: string) => ({ id, title: id, kind: "agent", params: { capabilities: ["any"] } });
  const { executionId } = await here.client.handoff({
    plan: { title: "Nodes", tasks: [task("a"), { ...task("b"), dependencies: ["a"] }] },
    options: { workspace },
  });
  const first = await waiting;
  expect(await elsewhere.report(first, { events: [{ type: "log", text: "over there\n" }] })).toMatchObject({ status: 200 });
  expect(await elsewhere.report(first, { result: { status: "succeeded", summary: "one" } })).toMatchObject({ status: 200 });
  const second = await elsewhere.nextWork();
  expect(second).toMatchObject({ taskId: "b", inputs: [{ summary: "one" }] });

  const owner = (await there.client.events(executionId, { limit: 100 })).events.findLast(({ type }) => type === "task.started");
  const ids = await Promise.all(running.map(async ({ client }) => (await client.health()).nodeId));
  const dying = ids.indexOf(String(owner?.data["node"]));
  const survivor = running[1 - dying] as (typeof running)[0];
  await nodes[dying]?.kill();
  const still = testAgent(survivor.url, agent.id, agent.token);
  expect(await still.report(second, { result: { status: "succeeded", summary: "two" } })).toMatchObject({ status: 200 });
  expect(await untilEnded(survivor.client, executionId)).toMatchObject({ status: "completed" });
  expect((await survivor.client.execution(executionId)).tasks).toMatchObject([{ attempt: 1 }, { attempt: 1, summary: "two" }]);

  running[dying] = (await nodes[dying]?.start()) as (typeof running)[0];
  const revived = testAgent(running[dying].url, agent.id, agent.token);
  expect(await revived.work(0)).toEqual({ work: null, halt: [] }); // it knows the token now
  await survivor.client.ask({ method: "DELETE", path: `/api/agents/${agent.id}` });
  const refused = async () =>
    revived.work(0).then(
      () => false,
      (error: Error) => error.message.includes("401"),
    );
  const untilMs = Date.now() + 2_000;
  while (!(await refused()) && Date.now() < untilMs);
  expect(await refused()).toBe(true);
});

test("agents that wait at both nodes share the work: each piece is given to one of them", async () => {
  const agents = await Promise.all(["left", "right"].map((name) => registerTestAgent(running[0] as never, name, ["both"])));
  const places = agents.map((agent, index) => testAgent(running[index]?.url ?? "", agent.id, agent.token));
  const count = 12;
  let left = count;
  const working = places.map(async (agent) => {
    while (left > 0) {
      const { work } = await agent.work(1);
      if (work === null) continue;
      expect(await agent.report(work, { result: { status: "succeeded" } })).toMatchObject({ status: 200 });
      left -= 1;
    }
  });
  const { client } = running[0] as (typeof running)[0];
  const tasks = Array.from({ length: count }, (_, index) => ({
    id: `t${index}`,
    title: `Task ${index}`,
    kind: "agent",
    params: { capabilities: ["both"] },
  }));
  const { executionId } = await client.handoff({ plan: { title: "Shared", tasks }, options: { workspace } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  await Promise.all(working);
  const { events } = await client.events(executionId, { limit: 1000 });
  const assigned = events.filter(({ type }) => type === "agent.assigned").map(({ taskId }) => taskId);
  expect(assigned.toSorted()).toEqual(tasks.map(({ id }) => id).toSorted());
});
