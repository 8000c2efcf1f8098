import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Client } from "../../client/client.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

let orchestrator: TestOrchestrator;
let drop: () => Promise<void>;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let client: Client;
let workspace: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl, SECRET_TOKEN: "do-not-show-this-value" });
  running = await orchestrator.start();
  client = running.client;
});
afterAll(async () => {
  await orchestrator.remove();
  await drop();
});
beforeEach(async () => {
  workspace = await mkdtemp("/tmp/longhaul-work-");
  return () => rm(workspace, { recursive: true, force: true });
});

const handoff = (tasks: object[], options: object = {}) =>
  client.handoff({ plan: { title: "e2e", tasks }, options: { workspace, ...options } });

async function untilEvent(executionId: string, type: string): Promise<void> {
  for await (const event of client.stream(executionId)) if (event.type === type) return;
  throw new Error(`the execution ended without ${type}`);
}

describe("a plan", () => {
  it("runs in order, in its workspace, and its results are verified by runs of our own", async () => {
    const { executionId } = await handoff([
      { id: "write", title: "Write", command: "echo hello > out.txt", verify: "grep -x hello out.txt" },
      { id: "read", title: "Read", command: "cat out.txt", dependencies: ["write"] },
    ]);
    expect(await untilEnded(client, executionId)).toMatchObject({
      status: "completed",
      progress: { current: 2, total: 2, percentage: 100 },
    });
    const [write, read] = (await client.execution(executionId)).tasks;
    expect(write?.evidence).toMatchObject([
      { passed: true, exitCode: 0, cwd: workspace, logDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    ]);
    expect(read).toMatchObject({ status: "completed", exitCode: 0, summary: "hello", dependencies: ["write"] });
    expect(await readFile(read?.logFile ?? "", "utf8")).toBe("hello\n");
  });

  it("does not complete a task that says it is done when its check says otherwise", async () => {
    const { executionId } = await handoff([
      { id: "claim", title: "Claim", command: "echo all tests pass", verify: "test -e missing", retry: { maxAttempts: 1 } },
    ]);
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
    const [task] = (await client.execution(executionId)).tasks;
    expect(task).toMatchObject({ status: "failed", failureClass: "verification", evidence: [{ passed: false, exitCode: 1 }] });
  });

  it("retries, then skips what hangs on a failed task and runs the rest", async () => {
    const { executionId } = await handoff([
      {
        id: "flaky",
        title: "Flaky",
        command: "test -e again || { touch again; exit 3; }",
        retry: { maxAttempts: 2, backoffMs: 10 },
      },
      { id: "bad", title: "Bad", command: "exit 4", retry: { maxAttempts: 1 } },
      { id: "after-bad", title: "After", command: "true", dependencies: ["bad"] },
      { id: "after-flaky", title: "After", command: "true", dependencies: ["flaky"] },
    ]);
    expect((await untilEnded(client, executionId)).status).toBe("failed");
    const { tasks } = await client.execution(executionId);
    expect(tasks.map(({ id, status, attempt }) => [id, status, attempt])).toEqual([
      ["flaky", "completed", 2],
      ["bad", "failed", 1],
      ["after-bad", "skipped", 0],
      ["after-flaky", "completed", 1],
    ]);
  });

  it("keeps the orchestrator's secrets from its tasks", async () => {
    const { executionId } = await handoff([{ id: "env", title: "Environment", command: "env" }]);
    await untilEnded(client, executionId);
    const { events } = await client.events(executionId, { limit: 1000 });
    expect(JSON.stringify(events)).not.toContain("do-not-show-this-value");
    expect(JSON.stringify(events)).not.toContain("postgres://");
  });

  it("waits for a person and goes on at once when they are done", async () => {
    const { executionId } = await handoff([
      { id: "sign", title: "Sign the contract", kind: "human" },
      { id: "after", title: "After", command: "true", dependencies: ["sign"] },
    ]);
    expect((await client.status(executionId)).status).toBe("blocked");
    const action = (await client.pendingActions()).find((one) => one.executionId === executionId);
    expect(action).toMatchObject({ title: "Sign the contract", unblocks: 1 });
    await client.completeAction(action?.id ?? "", { note: "signed" });
    expect((await untilEnded(client, executionId)).status).toBe("completed");
  });
});

describe("what may never be automated", () => {
  it("waits for a person, also where the plan claims that it may run by itself", async () => {
    const task = { id: "post", title: "Post the announcement on Twitter", command: "touch posted", automation: "FULL_AUTO" };
    const { executionId } = await handoff([task]);
    expect(await client.status(executionId)).toMatchObject({ status: "blocked" });
    await client.control(executionId, { action: "cancel" });
    await expect(readFile(join(workspace, "posted"))).rejects.toThrow("ENOENT");
  });
});

describe("control", () => {
  it("cancel kills the whole process tree, also what hid in a session of its own", async () => {
    const { executionId } = await handoff([
      { id: "tree", title: "Tree", command: "(trap '' TERM; setsid sh -c 'echo $$ > hidden; sleep 300') & echo up; wait" },
    ]);
    await untilEvent(executionId, "task.output");
    await client.control(executionId, { action: "cancel" });
    expect((await client.status(executionId)).status).toBe("cancelled");
    const script = `grep -lz "LONGHAUL_EXECUTION_ID=${executionId}" /proc/[0-9]*/environ 2>/dev/null || true`;
    const left = () => execFileSync("sh", ["-c", script], { encoding: "utf8" }).trim();
    for (const deadline = Date.now() + 20_000; left() !== ""; await delay(50)) {
      if (Date.now() > deadline) throw new Error(`still running: ${left()}`);
    }
  });

  it("pause holds what is ready, resume goes on, and both are idempotent", async () => {
    const { executionId } = await handoff([
      { id: "one", title: "One", command: "sleep 0.4" },
      { id: "two", title: "Two", command: "true", dependencies: ["one"] },
    ]);
    await untilEvent(executionId, "task.started");
    expect(await client.control(executionId, { action: "pause" })).toMatchObject({ status: "paused", changed: true });
    expect(await client.control(executionId, { action: "pause" })).toMatchObject({ changed: false });
    await untilEvent(executionId, "task.completed");
    expect(await client.status(executionId)).toMatchObject({ status: "paused", progress: { current: 1 } });
    await client.control(executionId, { action: "resume" });
    expect((await untilEnded(client, executionId)).status).toBe("completed");
  });

  it("the same idempotency key returns the first execution", async () => {
    const first = await handoff([{ id: "a", title: "A", command: "true" }], { idempotencyKey: "e2e-key" });
    const again = await handoff([{ id: "a", title: "A", command: "true" }], { idempotencyKey: "e2e-key" });
    expect(again).toMatchObject({ executionId: first.executionId, created: false });
  });
});

describe("bad input gets a clear answer and changes nothing", () => {
  const send = (path: string, body: string | undefined, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const { hostname, port } = new URL(running.url);
      const method = body === undefined ? "GET" : "POST";
      const sent = request(
        {
          hostname,
          port,
          path,
          method,
          headers: { authorization: `Bearer ${running.token}`, "content-type": "application/json", ...headers },
        },
        (answer) => {
          let text = "";
          answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
          answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  const plan = (tasks: object[]) => JSON.stringify({ plan: { title: "bad", tasks } });
  const cases: [string, () => Promise<{ status: number; body: string }>, number, RegExp][] = [
    [
      "a circle",
      () =>
        send(
          "/api/executions",
          plan([
            { id: "a", title: "A", command: "true", dependencies: ["b"] },
            { id: "b", title: "B", command: "true", dependencies: ["a"] },
          ]),
        ),
      422,
      /circular|circle/i,
    ],
    [
      "an unknown id",
      () => send("/api/executions", plan([{ id: "build", title: "A", command: "true", dependencies: ["biuld"] }])),
      422,
      /biuld/,
    ],
    ["an empty plan", () => send("/api/executions", JSON.stringify({ text: "# Nothing to do\n" })), 422, /No tasks/i],
    [
      "a binary file",
      async () => send("/api/executions", JSON.stringify({ path: join(workspace, "binary") })),
      422,
      /binary|NUL|not text/i,
    ],
    [
      "a file of 50 MB",
      async () => send("/api/executions", JSON.stringify({ path: join(workspace, "large.md") })),
      422,
      /large|limit|MB/i,
    ],
    [
      "a body of 50 MB",
      () => send("/api/executions", JSON.stringify({ text: "x".repeat(50 * 1024 * 1024) })),
      413,
      /large|limit/i,
    ],
    ["malformed JSON", () => send("/api/executions", '{"text": '), 400, /JSON/],
    [
      "a wrong field",
      () => send("/api/executions", JSON.stringify({ text: "- [ ] a", options: { priority: "urgent" } })),
      400,
      /priority/,
    ],
    ["an unknown execution", () => send("/api/executions/01930000-0000-7000-8000-000000000000", undefined), 404, /01930000/],
    ["an id that is none", () => send("/api/executions/nonsense", undefined), 404, /nonsense/],
    [
      "a wrong token",
      () => send("/api/executions", plan([{ id: "a", title: "A", command: "true" }]), { authorization: "Bearer wrong" }),
      401,
      /token/i,
    ],
    [
      "a foreign Host",
      () => send("/api/executions", plan([{ id: "a", title: "A", command: "true" }]), { host: "evil.example" }),
      421,
      /host/i,
    ],
    [
      "a foreign Origin",
      () => send("/api/executions", plan([{ id: "a", title: "A", command: "true" }]), { origin: "https://evil.example" }),
      403,
      /evil\.example/,
    ],
  ];

  it.each(cases)("%s", async (_name, act, status, message) => {
    await writeFile(join(workspace, "binary"), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3, 0, 0]));
    await writeFile(join(workspace, "large.md"), `- [ ] task\n${"x".repeat(50 * 1024 * 1024)}`);
    const before = await client.list({ limit: 200 });
    const answer = await act().catch((error: NodeJS.ErrnoException) => ({
      status: error.code === "EPIPE" || error.code === "ECONNRESET" ? 413 : 0,
      body: "too large",
    }));
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(message);
    expect(await client.list({ limit: 200 })).toEqual(before);
  });
});

it("SIGTERM lets running tasks go on, and the next start takes them over", async () => {
  const { executionId } = await handoff([{ id: "long", title: "Long", command: "echo up; sleep 1.5; echo done >> finished" }]);
  await untilEvent(executionId, "task.output");
  expect(await orchestrator.terminate()).toBe(0);
  running = await orchestrator.start();
  client = running.client;
  expect((await untilEnded(client, executionId)).status).toBe("completed");
  expect(await readFile(join(workspace, "finished"), "utf8")).toBe("done\n");
  expect((await client.execution(executionId)).tasks[0]).toMatchObject({ attempt: 1 });
});

it("serves the four queries' series", async () => {
  const { executionId } = await handoff([{ id: "a", title: "A", command: "true" }]);
  await untilEnded(client, executionId);
  const { planId } = await client.execution(executionId);
  const scrape = async () =>
    (await fetch(`${running.url}/metrics`, { headers: { authorization: `Bearer ${running.token}` } })).text();
  // The reader of the stream may be a moment ahead of the counters of the process.
  await expect.poll(scrape).toContain(`execution_task_duration_seconds_sum{plan_id="${planId}"}`);
  const text = await scrape();
  expect(text).toContain(`execution_tasks_total{plan_id="${planId}",status="completed"} 1`);
  expect(text).toContain(`execution_tasks_total{plan_id="${planId}"} 1`);
  expect(text).toContain(`execution_tasks_completed{plan_id="${planId}"} 1`);
});
