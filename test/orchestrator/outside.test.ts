/** Tasks that act outside, under a real orchestrator: what is waited for, what hosts are spared, what a kill must not repeat. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { approvals, decide } from "../../client/approvals.ts";
import type { Client } from "../../client/client.ts";
import { startMailServer } from "../support/mail-server.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { startHttpServer } from "./executors/support/http-server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let client: Client;
let folder: string;
let mail: Awaited<ReturnType<typeof startMailServer>>;

beforeAll(async () => {
  const database = await createTestDatabase();
  mail = await startMailServer();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({
    DATABASE_URL: database.databaseUrl,
    LONGHAUL_TASK_HOSTS: "127.0.0.1",
    LONGHAUL_HOST_REQUESTS_PER_MINUTE: "60",
    SMTP_URL: mail.url,
    SMTP_FROM: "plan@example.com",
  });
  ({ client } = await orchestrator.start());
  folder = await mkdtemp("/tmp/longhaul-outside-");
});
afterAll(async () => {
  await orchestrator.remove();
  await rm(folder, { recursive: true, force: true });
  await mail.close();
  await drop();
});

const handoff = async (title: string, tasks: Record<string, unknown>[]) => {
  const { executionId } = await client.handoff({ plan: { title, tasks }, options: { workspace: folder } });
  return executionId;
};

/** Reads the stream until an event is there; the stream brings everything from the beginning. */
async function untilEvent(executionId: string, type: string, taskId: string) {
  for await (const event of client.stream(executionId)) if (event.type === type && event.taskId === taskId) return event;
  throw new Error(`the stream ended without ${type} of ${taskId}`);
}

describe("a task that waits", () => {
  it("holds no slot and no process, survives kill -9, and goes on when its condition is met", async () => {
    const executionId = await handoff("Wait", [
      {
        id: "wait",
        title: "Wait for the file",
        kind: "wait",
        params: { file: "go.txt", contains: "yes", firstSeconds: 0.1, mostSeconds: 0.2 },
      },
      { id: "after", title: "After", command: "cat go.txt", dependencies: ["wait"] },
    ]);
    await untilEvent(executionId, "task.blocked", "wait");
    expect(await client.status(executionId)).toMatchObject({
      status: "blocked",
      runningTasks: [],
      blockers: [{ taskId: "wait", reason: expect.stringContaining("go.txt is not there") }],
    });
    await orchestrator.kill();
    ({ client } = await orchestrator.start());
    await writeFile(join(folder, "go.txt"), "yes\n");
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    const { tasks } = await client.execution(executionId);
    expect(tasks[0]).toMatchObject({
      attempt: 2,
      message: expect.stringMatching(/met after \d+ looks in \d+ s: go.txt holds "yes"/),
    });
  });

  it("asks a person when it waited in vain, who lets it wait again or skips it", async () => {
    const executionId = await handoff("In vain", [
      {
        id: "wait",
        title: "Wait for success",
        kind: "wait",
        params: { command: "test -e never", firstSeconds: 0.1, maxSeconds: 0.4 },
      },
    ]);
    await untilEvent(executionId, "task.awaiting_human", "wait");
    const [action] = (await client.pendingActions()).filter((one) => one.executionId === executionId);
    expect(action?.why).toMatch(/waited in vain: \d+ looks/);
    await client.completeAction(action?.id ?? "", { outcome: "done" });
    for (;;) {
      const { blockers } = await client.status(executionId);
      if (blockers.some(({ reason }) => reason.includes("waited in vain"))) break;
      await delay(20);
    }
    await client.completeAction(action?.id ?? "", { outcome: "skipped" });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  });

  it("waits for an address, or for time to pass", async () => {
    const server = await startHttpServer(
      (_seen, response, index) => void response.writeHead(index < 2 ? 503 : 200).end('{"state":"up"}'),
    );
    const executionId = await handoff("Address", [
      { id: "up", title: "Up", kind: "wait", params: { url: server.url, expect: { json: { state: "up" } }, firstSeconds: 0.1 } },
      { id: "time", title: "Time", kind: "wait", params: { seconds: 1 } },
    ]);
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect(server.seen).toHaveLength(3);
  });
});

describe("a call that must not be made twice", () => {
  it("goes on without the orchestrator, and is not made again by the next one", async () => {
    let release = () => {};
    const server = await startHttpServer(async (_seen, response) => {
      await new Promise<void>((resolve) => (release = resolve));
      response.writeHead(201).end("made");
    });
    const executionId = await handoff("Once", [
      { id: "post", title: "Post", kind: "http", params: { url: server.url, method: "POST" } },
    ]);
    while (server.seen.length === 0) await delay(10);
    await orchestrator.kill();
    release();
    ({ client } = await orchestrator.start());
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect(server.seen).toHaveLength(1);
  });

  it("is put to a person when its process was killed as well", async () => {
    const server = await startHttpServer(() => undefined);
    const executionId = await handoff("Lost", [
      { id: "post", title: "Post", kind: "http", params: { url: server.url, method: "POST" } },
    ]);
    while (server.seen.length === 0) await delay(10);
    await orchestrator.kill();
    const performing = execFileSync("pgrep", ["-f", `perform.ts .*${executionId}`], { encoding: "utf8" })
      .trim()
      .split("\n");
    for (const pid of performing) process.kill(Number(pid), "SIGKILL");
    ({ client } = await orchestrator.start());
    await untilEvent(executionId, "task.awaiting_human", "post");
    const [action] = (await client.pendingActions()).filter((one) => one.executionId === executionId);
    expect(action?.why).toContain("Nobody knows whether it happened");
    await client.completeAction(action?.id ?? "", { outcome: "done", note: "it was made" });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect(server.seen).toHaveLength(1);
  });
});

describe("calls of one host", () => {
  it("keep one pace over all executions", async () => {
    const server = await startHttpServer((_seen, response) => void response.end("ok"));
    const call = (id: string) => ({ id, title: id, kind: "http", params: { url: server.url }, retry: { maxBackoffMs: 0 } });
    const from = Date.now();
    const ids = await Promise.all(
      ["a", "b"].map((name) =>
        handoff(
          name,
          Array.from({ length: 6 }, (_, index) => call(`${name}${index}`)),
        ),
      ),
    );
    for (const id of ids) expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(server.seen).toHaveLength(12);
    // A burst of ten, then one in a second: the last two have to wait.
    expect(Date.now() - from).toBeGreaterThan(1900);
  });
});

describe("a task whose last step is a person's", () => {
  it("sends its mail when that was approved, also after a kill in between", async () => {
    const executionId = await handoff("Mail", [
      {
        id: "mail",
        title: "Send the report by e-mail",
        kind: "email",
        params: { to: "you@example.com", subject: "Report", text: "All is well" },
      },
    ]);
    await untilEvent(executionId, "approval.requested", "mail");
    await orchestrator.kill();
    ({ client } = await orchestrator.start());
    const [approval] = (await approvals(client, executionId)).approvals;
    expect(approval?.subject.detail).toMatchObject({ detail: { to: ["you@example.com"], text: "All is well" } });
    expect(mail.mails).toEqual([]);
    await decide(client, approval?.id ?? "", { decision: "approve", digest: approval?.digest ?? "" });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect(mail.mails).toEqual([expect.objectContaining({ from: "plan@example.com", to: ["you@example.com"] })]);
  });

  it("is started by an approval where the plan says SEMI_AUTO", async () => {
    const server = await startHttpServer((_seen, response) => void response.end());
    const executionId = await handoff("Last click", [
      { id: "call", title: "Call it", kind: "http", automation: "SEMI_AUTO", params: { url: server.url } },
    ]);
    await untilEvent(executionId, "approval.requested", "call");
    expect(server.seen).toEqual([]);
    const [approval] = (await approvals(client, executionId)).approvals;
    await decide(client, approval?.id ?? "", { decision: "approve", digest: approval?.digest ?? "" });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect(server.seen).toHaveLength(1);
  });

  it("is never automated where that is not for a machine, whatever the plan says", async () => {
    const server = await startHttpServer((_seen, response) => void response.end());
    const executionId = await handoff("Never", [
      { id: "post", title: "Post the launch on Reddit", kind: "http", params: { url: server.url, method: "POST" } },
      { id: "pay", title: "Approve the payment of the invoice", kind: "http", params: { url: server.url, method: "POST" } },
      { id: "spam", title: "Mass e-mail everybody", kind: "email", params: { to: "you@example.com", subject: "x", text: "x" } },
    ]);
    for (const id of ["post", "pay", "spam"]) await untilEvent(executionId, "task.awaiting_human", id);
    await client.control(executionId, { action: "cancel" });
    expect(server.seen).toEqual([]);
    expect(mail.mails).toHaveLength(1);
  });
});

describe("params that cannot be used", () => {
  it("are refused with their line before anything starts", async () => {
    const text = `{"title":"Bad","tasks":[
      {"id":"ok","title":"Fine","command":"true"},
      {"id":"bad","title":"Call","kind":"http","params":{"url":"ftp://x","metod":"GET"}}
    ]}`;
    await expect(client.handoff({ text, options: { workspace: folder } })).rejects.toMatchObject({
      message: expect.stringMatching(/params\.url: must be an http.*\(it is "ftp:\/\/x"\); params has no 'metod'/),
      problem: { errors: [expect.objectContaining({ code: "bad-params", line: 3 })] },
    });
  });

  it("that say nothing make it a person's task", async () => {
    const { executionId, warnings } = await client.handoff({
      plan: { title: "Words", tasks: [{ id: "w", title: "Wait for the reply" }] },
      options: { workspace: folder },
    });
    expect(warnings.join()).toContain("needs params.url or params.file or params.command or params.seconds");
    await untilEvent(executionId, "task.awaiting_human", "w");
    await client.control(executionId, { action: "cancel" });
  });
});

describe("the example", () => {
  it("runs several kinds of task against services of this machine", async () => {
    const services = spawn(process.execPath, [join(root, "examples/outside/services.mjs"), "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await once(services.stdout, "data")) as [Buffer];
      const { port } = new URL(line.toString().trim());
      const { executionId } = await client.handoff({
        path: join(root, "examples/outside/plan.yaml"),
        options: { workspace: await mkdtemp(join(folder, "example-")), parameters: { port } },
      });
      const ended = await untilEnded(client, executionId);
      expect(ended.failedTasks).toEqual([]);
      expect(ended).toMatchObject({ status: "completed", progress: { current: 6 } });
    } finally {
      services.kill();
    }
  });
});
