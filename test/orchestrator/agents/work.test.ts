import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../../../client/client.ts";
import { registerTestAgent } from "../../support/agent-client.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

let orchestrator: TestOrchestrator;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl, LONGHAUL_AGENT_SILENT_SECONDS: "2" });
  running = await orchestrator.start();
  client = running.client;
});
afterAll(async () => {
  await orchestrator.remove();
  await database.drop();
});

let plans = 0;
const handoff = (tasks: object[]) => client.handoff({ plan: { title: `Agents ${(plans += 1)}`, tasks } });
const agentTask = (id: string, capabilities: string[], more: object = {}) => ({
  id,
  title: `Task ${id}`,
  kind: "agent",
  params: { capabilities },
  ...more,
});
const eventsOf = async (executionId: string) => (await client.events(executionId, { limit: 1000 })).events;

test("an agent that waits gets a task that it can do, reports on it, and its result goes to the tasks that depend on it", async () => {
  const agent = await registerTestAgent(running, "worker", ["flow"]);
  const waiting = agent.nextWork();
  const { executionId } = await handoff([
    agentTask("a", ["flow"], { description: "Count the words" }),
    agentTask("b", ["flow"], { dependencies: ["a"] }),
  ]);
  const work = await waiting;
  expect(work).toMatchObject({
    executionId,
    taskId: "a",
    attempt: 1,
    title: "Task a",
    description: "Count the words",
    inputs: [],
  });
  const first = await agent.report(work, {
    events: [
      { type: "progress", percent: 50, message: "half" },
      { type: "log", text: "counting\n" },
    ],
  });
  expect(first).toMatchObject({ status: 200, body: { recorded: 2, halt: [] } });
  expect(await agent.report(work, { result: { status: "succeeded", summary: "42 words" } })).toMatchObject({ status: 200 });
  const next = await agent.nextWork();
  expect(next).toMatchObject({ taskId: "b", inputs: [{ taskId: "a", summary: "42 words" }] });
  await agent.report(next, { result: { status: "succeeded", summary: "done" } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  const types = (await eventsOf(executionId)).filter(({ taskId }) => taskId === "a").map(({ type }) => type);
  expect(types).toEqual(["task.started", "agent.assigned", "task.progress", "task.output", "task.completed"]);
});

test("agents see and report only their own work; what they try beyond is 404 and in the record", async () => {
  const [mine, other] = await Promise.all(["mine", "other"].map((name) => registerTestAgent(running, name, ["private"])));
  const waiting = mine?.nextWork();
  const { executionId } = await handoff([agentTask("secret", ["private"])]);
  const work = (await waiting) as Awaited<NonNullable<typeof waiting>>;
  const report = { events: [{ type: "log", text: "forged" }], result: { status: "succeeded" } };
  expect(await other?.report(work, report)).toMatchObject({ status: 404 });
  expect(await other?.report({ ...work, attempt: 7 }, report)).toMatchObject({ status: 404 });
  expect(await other?.report({ ...work, taskId: "nothing" }, report)).toMatchObject({ status: 404 });
  expect(await other?.report({ ...work, executionId: crypto.randomUUID() }, report)).toMatchObject({ status: 404 });
  expect(await other?.heartbeat([{ executionId, taskId: "secret", attempt: 1 }])).toMatchObject({ halt: [] });
  const audit = await client.ask<{ entries: { status: number; reason: string }[] }>({
    method: "GET",
    path: `/api/audit?agentId=${other?.id}`,
  });
  expect(audit.entries.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  expect(JSON.stringify(await eventsOf(executionId))).not.toContain("forged");
  await mine?.report(work, { result: { status: "succeeded" } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
});

test("a report counts once, however often it is sent, and gets the same answer; its id cannot carry another one", async () => {
  const agent = await registerTestAgent(running, "stutter", ["repeat"]);
  const waiting = agent.nextWork();
  const { executionId } = await handoff([agentTask("a", ["repeat"])]);
  const work = await waiting;
  const progress = { reportId: "one", events: [{ type: "progress", percent: 1 }] };
  const together = await Promise.all([1, 2, 3, 4].map(() => agent.report(work, progress)));
  expect(new Set(together.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(together[0]).toMatchObject({ status: 200, body: { recorded: 1 } });
  expect(await agent.report(work, { ...progress, events: [] })).toMatchObject({ status: 409 });
  const result = { reportId: "two", result: { status: "succeeded", summary: "once" } };
  const first = await agent.report(work, result);
  await untilEnded(client, executionId);
  expect(await agent.report(work, result)).toEqual(first);
  expect(await agent.report(work, progress)).toEqual(together[0]);
  expect(await agent.report(work, { result: { status: "failed" } })).toMatchObject({ status: 409 });
  expect((await eventsOf(executionId)).filter(({ type }) => type === "task.progress" || type === "task.completed")).toHaveLength(
    2,
  );
});

test("several agents share one execution, each gets only what it can do", async () => {
  const [linux, gpu] = [
    await registerTestAgent(running, "linux", ["linux"]),
    await registerTestAgent(running, "gpu", ["linux", "gpu"]),
  ];
  const { executionId } = await handoff([agentTask("train", ["gpu"]), agentTask("build", ["linux"])]);
  const [built, trained] = await Promise.all([linux.nextWork(), gpu.nextWork()]);
  expect([built.taskId, trained.taskId]).toEqual(["build", "train"]);
  await linux.report(built, { result: { status: "succeeded" } });
  await gpu.report(trained, { result: { status: "succeeded" } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
});

test("a task that no agent can do is blocked, says what is missing, and goes on when such an agent registers", async () => {
  const { executionId } = await handoff([agentTask("a", ["quantum"])]);
  const blocked = await untilStatus(executionId, "blocked");
  expect(blocked.blockers).toMatchObject([{ taskId: "a", reason: expect.stringContaining("quantum") }]);
  const agent = await registerTestAgent(running, "future", ["quantum"]);
  const work = await agent.nextWork();
  expect(work.executionId).toBe(executionId);
  await agent.report(work, { result: { status: "succeeded" } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
});

test("an agent that came while a task was just about to wait for one is not overlooked", async () => {
  const { executionId } = await handoff([agentTask("a", ["unseen"])]);
  await untilStatus(executionId, "blocked");
  const direct = new pg.Client(database.connection);
  await direct.connect();
  await direct.query(
    "insert into agents (id, name, capabilities, token_digest) values (gen_random_uuid(), 'quiet', '{unseen}', 'x')",
  );
  await direct.end();
  const released = await untilEvent(executionId, "task.released");
  expect(released).toMatchObject({ taskId: "a" });
  await client.control(executionId, { action: "cancel" });
});

/** Reads the stream until the execution is in this state. */
async function untilStatus(executionId: string, status: string) {
  for await (const _event of client.stream(executionId)) {
    const now = await client.status(executionId);
    if (now.status === status) return now;
  }
  throw new Error(`the execution ended and was never ${status}`);
}

async function untilEvent(executionId: string, type: string) {
  for await (const event of client.stream(executionId)) if (event.type === type) return event;
  throw new Error(`the execution ended without ${type}`);
}

test("an agent that falls silent loses its task: it is blocked, the owner is told, another gets it, and the first is refused", async () => {
  const first = await registerTestAgent(running, "first", ["watch"]);
  const waiting = first.nextWork();
  const { executionId } = await handoff([agentTask("a", ["watch"])]);
  const lost = await waiting;
  await first.report(lost, { events: [{ type: "progress", percent: 10 }] });
  const warning = await untilEvent(executionId, "health.warning");
  expect(warning.data).toMatchObject({ metric: "agent", agentId: first.id });
  const blocked = await untilStatus(executionId, "blocked");
  expect(blocked.blockers).toMatchObject([{ taskId: "a", reason: expect.stringContaining("fell silent") }]);
  expect(await client.ask({ method: "GET", path: `/api/agents/${first.id}` })).toMatchObject({ status: "blocked", work: [] });

  const second = await registerTestAgent(running, "second", ["watch"]);
  const waitingAgain = [first.work(10), second.nextWork()] as const;
  await client.ask({ method: "POST", path: "/api/agents/reassign", body: { executionId, taskId: "a" } });
  const work = await waitingAgain[1];
  expect(work).toMatchObject({ executionId, taskId: "a", attempt: 2 });
  expect(await first.report(lost, { result: { status: "succeeded", summary: "too late" } })).toMatchObject({ status: 409 });
  await second.report(work, { result: { status: "succeeded", summary: "in time" } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  expect((await client.execution(executionId)).tasks[0]?.summary).toBe("in time");
  await second.work(0); // the first is still waiting: let go of it with work of its own
  await handoff([agentTask("end", ["watch"])]);
  await waitingAgain[0];
});

test("with onSilent reassign another agent gets it without anybody's doing; a heartbeat alone keeps the work", async () => {
  const [dying, steady] = [
    await registerTestAgent(running, "dying", ["handover"]),
    await registerTestAgent(running, "steady", ["handover"]),
  ];
  const waiting = dying.nextWork();
  const { executionId } = await handoff([agentTask("a", [], { params: { capabilities: ["handover"], onSilent: "reassign" } })]);
  await waiting;
  const work = await steady.nextWork();
  expect(work).toMatchObject({ executionId, attempt: 2 });
  const untilMs = Date.now() + 3_000; // longer than an agent may be silent
  while (Date.now() < untilMs) {
    expect(await steady.heartbeat([work])).toEqual({ halt: [], heartbeatSeconds: 2 / 3 });
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(await steady.report(work, { result: { status: "succeeded" } })).toMatchObject({ status: 200 });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
});

test("what is cancelled halts: the next answer of any kind says so, until the agent has stopped", async () => {
  const agent = await registerTestAgent(running, "busy", ["halt"]);
  const waiting = agent.nextWork();
  const { executionId } = await handoff([agentTask("a", ["halt"])]);
  const work = await waiting;
  await agent.heartbeat();
  const asking = agent.work(10); // it could do a second task beside the first
  await client.control(executionId, { action: "cancel" });
  const halt = [{ executionId, taskId: "a", attempt: 1, reason: expect.any(String) }];
  expect(await asking).toMatchObject({ work: null, halt });
  expect(await agent.heartbeat()).toMatchObject({ halt });
  expect(await agent.work(0)).toMatchObject({ halt });
  expect(await agent.report(work, { events: [{ type: "progress", percent: 99 }] })).toMatchObject({ status: 409 });
  const halted = await agent.report(work, { reportId: "stopped", result: { status: "halted" } });
  expect(halted).toMatchObject({ status: 200, body: { halt: [] } });
  expect(await agent.report(work, { reportId: "stopped", result: { status: "halted" } })).toEqual(halted);
  expect(await agent.heartbeat()).toMatchObject({ halt: [] });
  expect(await agent.work(0)).toEqual({ work: null, halt: [] });
});

test("the work of a revoked agent goes to another at once, and burns no attempt", async () => {
  const [bad, good] = [await registerTestAgent(running, "bad", ["trust"]), await registerTestAgent(running, "good", ["trust"])];
  const waiting = bad.nextWork();
  const { executionId } = await handoff([agentTask("a", ["trust"], { retry: { maxAttempts: 1 } })]);
  await waiting;
  await client.ask({ method: "DELETE", path: `/api/agents/${bad.id}` });
  const work = await good.nextWork();
  expect(work).toMatchObject({ executionId, attempt: 2 });
  await good.report(work, { result: { status: "succeeded" } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
});

test("the orchestrator checks the work itself, also in what the agent left, and does not believe the agent", async () => {
  const agent = await registerTestAgent(running, "builder", ["build"]);
  const { executionId } = await handoff([
    agentTask("honest", ["build"], { verify: "grep -x 42 $LONGHAUL_ARTIFACTS/answer.txt" }),
    agentTask("liar", ["build"], { verify: "grep -x 42 $LONGHAUL_ARTIFACTS/answer.txt", retry: { maxAttempts: 1 } }),
  ]);
  for (let done = 0; done < 2; done += 1) {
    const work = await agent.nextWork();
    const content = work.taskId === "honest" ? Buffer.from("42\n").toString("base64") : Buffer.from("41\n").toString("base64");
    const artifact = { type: "artifact", name: "answer.txt", mediaType: "text/plain", content, encoding: "base64" };
    expect(await agent.report(work, { events: [artifact] })).toMatchObject({ status: 200, body: { recorded: 1 } });
    await agent.report(work, { result: { status: "succeeded", summary: "all tests pass" } });
  }
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
  const tasks = (await client.execution(executionId)).tasks;
  expect(tasks.map(({ id, status, failureClass }) => [id, status, failureClass])).toEqual([
    ["honest", "completed", null],
    ["liar", "failed", "verification"],
  ]);
  for (const name of ["../out", "a/b", "/etc/passwd", ".hidden", ""]) {
    const escape = { type: "artifact", name, content: "x" };
    const work = { executionId, taskId: "honest", attempt: 1 };
    expect(await agent.report(work, { events: [escape] })).toMatchObject({ status: 400 });
  }
});

test("a task that takes too long is taken from its agent; secrets in what it says are masked", async () => {
  const agent = await registerTestAgent(running, "slow", ["slow"]);
  const waiting = agent.nextWork();
  const { executionId } = await handoff([agentTask("a", ["slow"], { limits: { wallSeconds: 1 }, retry: { maxAttempts: 1 } })]);
  const work = await waiting;
  expect(work.wallSeconds).toBe(1);
  await agent.report(work, { events: [{ type: "log", text: `my token is ${agent.token}\n` }] });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
  expect((await client.execution(executionId)).tasks[0]).toMatchObject({ status: "failed", failureClass: "timeout" });
  expect(await agent.heartbeat()).toMatchObject({ halt: [{ executionId, reason: "its time is over" }] });
  const log = JSON.stringify(await eventsOf(executionId));
  expect(log).toContain("my token is");
  expect(log).not.toContain(agent.token);
});

test("what cannot be stored, or is no id, costs only its own report", async () => {
  const agents = await Promise.all(["odd", "even"].map((name) => registerTestAgent(running, name, ["mixed"])));
  const works = agents.map((agent) => agent.nextWork());
  const { executionId } = await handoff([agentTask("a", ["mixed"]), agentTask("b", ["mixed"])]);
  const [odd, even] = await Promise.all(works);
  const answers = await Promise.all([
    agents[0]?.report(odd as object as never, { events: [{ type: "log", text: "half a pair \ud800, and \u0000" }] }),
    agents[0]?.report({ ...(odd as object), executionId: "none" } as never, { events: [] }),
    agents[1]?.report(even as object as never, { events: [{ type: "progress", message: "fine" }] }),
    agents[0]?.report({ ...(odd as object), taskId: "a\ud800" } as never, { events: [] }),
  ]);
  expect(answers.map((answer) => answer?.status)).toEqual([200, 404, 200, 404]);
  for (const [index, work] of [odd, even].entries())
    await agents[index]?.report(work as never, { result: { status: "succeeded", summary: "lone \udfff" } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
});

test("the next attempt is told why the one before failed, and an answer that got lost is given again", async () => {
  const agent = await registerTestAgent(running, "forgetful", ["again"]);
  const waiting = agent.nextWork();
  await handoff([agentTask("a", ["again"], { retry: { backoffMs: 1 } })]);
  const first = await waiting;
  expect(first.findings).toBeNull();
  await agent.report(first, { result: { status: "failed", message: "out of paper" } });
  const second = await agent.nextWork(); // and says nothing about it, as if this answer had not arrived
  expect(second).toMatchObject({ attempt: 2, findings: "out of paper" });
  expect(await agent.work(0)).toEqual({ work: null, halt: [] }); // it may be reading it
  expect(await agent.nextWork()).toEqual(second);
  await agent.report(second, { events: [] });
  expect(await agent.work(0)).toEqual({ work: null, halt: [] });
  await agent.report(second, { result: { status: "failed", retryable: false } });
});

test("parameters that say nothing sensible are refused at the hand-off, with the task and what they must be", async () => {
  const wrong = agentTask("a", [], { params: { capabilities: ["two words"], onSilent: "shrug" } });
  await expect(handoff([wrong])).rejects.toMatchObject({
    status: 422,
    message: expect.stringMatching(/Task a of kind agent.*capabilities.*a word.*onSilent/),
  });
});

test("nothing is given out while its execution is paused", async () => {
  const agent = await registerTestAgent(running, "eager", ["pause"]);
  const { executionId } = await handoff([agentTask("a", ["pause"])]);
  await untilEvent(executionId, "task.started");
  await client.control(executionId, { action: "pause" });
  expect(await agent.work(1)).toEqual({ work: null, halt: [] });
  const waiting = agent.nextWork();
  await client.control(executionId, { action: "resume" });
  const work = await waiting;
  expect(work).toMatchObject({ executionId, attempt: 1 });
  await agent.report(work, { result: { status: "succeeded" } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
});
