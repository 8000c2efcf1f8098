import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../client/api-error.ts";
import { type Client, createClient } from "../../client/client.ts";
import type { Event } from "../../orchestrator/api/contract.ts";
import { type RunningServer, startServer } from "../../orchestrator/api/server.ts";
import { createDoor, type Door, executionId, token } from "../orchestrator/api/door-fixture.ts";

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let door: Door;
let server: RunningServer;
let client: Client;

const start = (port = 0) => startServer({ app: door.app, port, portIsExplicit: port !== 0, log, limits: { graceMs: 100 } });

beforeEach(async () => {
  door = createDoor({ config: { heartbeatMs: 50 } });
  server = await start();
  client = createClient({ url: server.url, token });
});
afterEach(() => server.close());

test("every method reaches its use-case", async () => {
  expect(await client.handoff({ text: "- [ ] a" })).toMatchObject({ executionId, created: true });
  await client.list({ status: "running", limit: 5 });
  await client.execution(executionId);
  await client.status(executionId);
  await client.events(executionId, { after: 3, limit: 10 });
  await client.control(executionId, { action: "retry", taskId: "a/b" });
  expect(await client.pendingActions()).toEqual([]);
  await client.completeAction("x/y.1");
  await client.completeAction("x.2", { outcome: "failed", note: "no" });
  expect(await client.health()).toMatchObject({ live: true, nodeId: "n" });
  expect(await client.capabilities()).toMatchObject({ version: "1.2.3" });
  expect(door.calls.map(({ name, args }) => [name, ...args])).toMatchObject([
    ["handoff", { text: "- [ ] a" }],
    ["list", { status: "running", limit: 5 }],
    ["execution", executionId],
    ["status", executionId],
    ["events", executionId, { after: 3, limit: 10 }],
    ["control", executionId, { action: "retry", taskId: "a/b" }],
    ["pendingActions"],
    ["completeAction", "x/y.1", { outcome: "done" }],
    ["completeAction", "x.2", { outcome: "failed", note: "no" }],
    ["health"],
    ["capabilities"],
  ]);
});

test("a refusal is an ApiError with status, problem and a message that says what to do", async () => {
  const error = await client.preview({ text: "x" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    status: 422,
    retryable: false,
    message: "The plan has a cycle: a → b → a Remove one of the dependencies.",
    problem: { code: "invalid_plan", correlationId: expect.any(String), errors: [{ line: 3 }] },
  });
  await expect(client.status("other")).rejects.toMatchObject({ status: 404 });
  await expect(createClient({ url: server.url, token: "wrong" }).list()).rejects.toMatchObject({ status: 401 });
});

test("an unready orchestrator's health is an answer, not an error", async () => {
  const unready = createDoor({
    queries: {
      health: async () => ({
        status: "down",
        live: true,
        ready: false,
        version: "1",
        nodeId: "n",
        uptimeSeconds: 1,
        dependencies: {},
      }),
    },
  });
  const other = await startServer({ app: unready.app, port: 0, portIsExplicit: false, log });
  expect(await createClient({ url: other.url, token }).health()).toMatchObject({ status: "down", ready: false });
  await other.close();
});

test("an orchestrator that is away is status 0 with the remedy", async () => {
  await server.close();
  const error = await client.list().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ status: 0, retryable: true, problem: { code: "unreachable" } });
  expect((error as ApiError).message).toContain("longhaul up");
});

test("an answer that is not Longhaul's is an error that names the address", async () => {
  await withForeignServer(
    (_request, response) => response.writeHead(502).end("<html>"),
    async (url) => {
      const error = await createClient({ url, token })
        .list()
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ status: 502, problem: { code: "unexpected_answer" } });
      expect((error as ApiError).message).toContain(url);
    },
  );
});

test("a call that takes too long is given up, and one that is aborted ends with its reason", async () => {
  await withForeignServer(
    () => {},
    async (url) => {
      const slow = createClient({ url, token, timeoutMs: 50 });
      await expect(slow.handoff({ text: "x" })).rejects.toMatchObject({ status: 0, problem: { code: "timeout" } });
      await expect(slow.list({}, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
    },
  );
});

test("after a restart on another port, calls go where the orchestrator is now", async () => {
  const moved = await start();
  const relocate = vi.fn(async () => ({ url: moved.url, token }));
  const mobile = createClient({ url: server.url, token, relocate });
  await server.close();
  expect(await mobile.handoff({ text: "- [ ] a" })).toMatchObject({ executionId });
  await mobile.list();
  expect(relocate).toHaveBeenCalledTimes(1);
  await moved.close();
});

test("a write whose fate is unknown is not repeated", async () => {
  let requests = 0;
  await withForeignServer(
    (request) => {
      requests += 1;
      request.socket.destroy();
    },
    async (url) => {
      const cut = createClient({ url, token });
      await expect(cut.handoff({ text: "x" })).rejects.toMatchObject({ status: 0 });
      expect(requests).toBe(1);
      await expect(cut.list()).rejects.toMatchObject({ status: 0 });
      expect(requests).toBe(3);
    },
  );
});

test("a stream yields each event once and returns how it ended", async () => {
  for (let index = 0; index < 450; index += 1) door.log.append("task.output", { index });
  door.log.finish();
  const stream = client.stream(executionId, { after: 10 });
  const seqs: number[] = [];
  let next = await stream.next();
  for (; next.done !== true; next = await stream.next()) seqs.push(next.value.seq);
  expect(seqs).toEqual(Array.from({ length: 441 }, (_, index) => index + 11));
  expect(next.value).toEqual({ executionId, status: "completed", lastSeq: 451 });
});

test("a stream goes over restarts of the orchestrator without losing or repeating anything", async () => {
  const { port } = server;
  door.log.append("execution.created");
  const events: Event[] = [];
  const reading = (async () => {
    for await (const event of client.stream(executionId)) events.push(event);
  })();
  for (let round = 0; round < 3; round += 1) {
    await vi.waitUntil(() => events.length === door.log.events.length && door.log.followers.size === 1, { timeout: 10_000 });
    await server.close();
    door.log.append("task.output");
    server = await start(port);
  }
  door.log.finish();
  await reading;
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
});

test("a stream ends with the refusal of an unknown execution, and with the reason of its signal", async () => {
  await expect(client.stream("other").next()).rejects.toMatchObject({ status: 404 });
  const stop = new AbortController();
  const waiting = client.stream(executionId, { signal: stop.signal }).next();
  await vi.waitUntil(() => door.log.followers.size === 1);
  stop.abort(new Error("seen enough"));
  await expect(waiting).rejects.toThrow("seen enough");
  await vi.waitUntil(() => door.log.followers.size === 0);
});

test("a reader that breaks off closes its connection", async () => {
  door.log.append("execution.created");
  for await (const event of client.stream(executionId)) {
    expect(event.seq).toBe(1);
    break;
  }
  await vi.waitUntil(() => door.log.followers.size === 0);
});

async function withForeignServer(answer: Parameters<typeof createServer>[1], run: (url: string) => Promise<void>): Promise<void> {
  const foreign: Server = createServer(answer);
  await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
  try {
    await run(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}`);
  } finally {
    foreign.closeAllConnections();
    foreign.close();
  }
}
