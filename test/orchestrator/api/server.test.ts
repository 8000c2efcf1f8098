/** What only a real connection shows: sizes, speed, broken HTTP, upgrades, ports and the end. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type RunningServer, startServer } from "../../../orchestrator/api/server.ts";
import { createDoor, type Door, executionId, token } from "./door-fixture.ts";

let door: Door;
let server: RunningServer;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const limits = { headersMs: 300, requestMs: 300, checkMs: 50, graceMs: 200 };

beforeEach(async () => {
  door = createDoor({ config: { maxBodyBytes: 10_000 } });
  server = await startServer({ app: door.app, port: 0, portIsExplicit: false, log, limits });
});
afterEach(() => server.close());

/** Sends bytes as they are and returns all that comes back until the server closes. */
async function raw(...parts: (string | number)[]): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.on("error", () => {});
  const closed = once(socket, "close");
  for (const part of parts) {
    if (typeof part === "number") await new Promise((resolve) => setTimeout(resolve, part));
    else if (socket.writable) socket.write(part);
  }
  await closed;
  return answer;
}

const head = (line: string, headers: Record<string, string> = {}) => {
  const all = { host: `127.0.0.1:${server.port}`, authorization: `Bearer ${token}`, connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join("")}\r\n`;
};

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

async function expectAlive(): Promise<void> {
  const response = await fetch(`${server.url}/health`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
}

test("an ordinary request over the wire", async () => {
  await expectAlive();
  const response = await fetch(`${server.url}/api/executions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ text: "- [ ] ä" }),
  });
  expect(response.status).toBe(201);
  expect(door.calls.at(-1)?.args[0]).toMatchObject({ text: "- [ ] ä" });
});

test.each(["evil.example", "a b", "127.0.0.1:x", "[::1", "%00", "127.0.0.1:99999999", "http://127.0.0.1", "ÿ"])(
  "the malformed or foreign Host %j is 421",
  async (host) => {
    expect(statusOf(await raw(head("GET /health", { host })))).toBe(421);
    await expectAlive();
  },
);

test("a missing Host is 421, the port of another server too", async () => {
  expect(statusOf(await raw("GET /health HTTP/1.1\r\nconnection: close\r\n\r\n"))).toBe(421);
  expect(statusOf(await raw("GET /health HTTP/1.0\r\n\r\n"))).toBe(421);
  expect(statusOf(await raw(head("GET /health", { host: `127.0.0.1:${server.port - 1}` })))).toBe(421);
});

test.each([
  "/api/../health",
  "/%2e%2e/health",
  "/api/executions/%00",
  "/api\\x",
  "http://evil.example/health",
  "*",
  "//evil.example/%2e",
])("the target %s is refused and the process lives", async (target) => {
  expect(statusOf(await raw(head(`GET ${target}`)))).toBe(400);
  await expectAlive();
});

test("huge headers are 431", async () => {
  const answer = await raw(head("GET /health", { "x-big": "x".repeat(20_000) }));
  expect(statusOf(answer)).toBe(431);
  expect(answer).toContain('"code":"headers_too_large"');
  await expectAlive();
});

test("what is not HTTP is 400", async () => {
  expect(statusOf(await raw("\u0016\u0003\u0001 hello\r\n\r\n"))).toBe(400);
  expect(statusOf(await raw("GET / HTTP/1.1\r\nbroken header\r\n\r\n"))).toBe(400);
  await expectAlive();
});

test("headers that drip are cut", async () => {
  const startedMs = Date.now();
  const answer = await raw(
    "GET /health HTTP/1.1\r\n",
    100,
    "x-a: 1\r\n",
    100,
    "x-b: 1\r\n",
    100,
    "x-c: 1\r\n",
    100,
    "x-d: 1\r\n",
  );
  expect(statusOf(answer)).toBe(408);
  expect(Date.now() - startedMs).toBeLessThan(3_000);
});

test("a body that drips is cut", async () => {
  const answer = await raw(
    head("POST /api/executions", { "content-type": "application/json", "content-length": "1000" }),
    '{"text',
    100,
    '":"a',
  );
  expect([408, Number.NaN]).toContain(statusOf(answer));
  expect(door.calls).toEqual([]);
  await expectAlive();
});

test("a body over the limit is 413, announced or in chunks, without being read to its end", async () => {
  const json = { "content-type": "application/json" };
  expect(statusOf(await raw(head("POST /api/executions", { ...json, "content-length": "10001" })))).toBe(413);
  const chunk = `3e8\r\n${"x".repeat(1000)}\r\n`;
  const endless = await raw(
    head("POST /api/executions", { ...json, "transfer-encoding": "chunked" }),
    ...Array.from({ length: 40 }, () => chunk),
  );
  expect(statusOf(endless)).toBe(413);
  expect(door.calls).toEqual([]);
  await expectAlive();
});

test("a stranger's body is refused before it is read", async () => {
  const headers = { authorization: "none", "content-type": "application/json", "content-length": "5000" };
  expect(statusOf(await raw(head("POST /api/executions", headers)))).toBe(401);
});

function openSocket(options: { query?: string; headers?: Record<string, string>; path?: string } = {}): WebSocket {
  const path = options.path ?? `/api/executions/${executionId}/stream`;
  return new WebSocket(`ws://127.0.0.1:${server.port}${path}${options.query ?? ""}`, {
    headers: options.headers ?? { authorization: `Bearer ${token}` },
  });
}

async function refusedWith(socket: WebSocket): Promise<number> {
  socket.on("error", () => {});
  const [, response] = (await once(socket, "unexpected-response")) as [
    unknown,
    { statusCode: number; headers: Record<string, string> },
  ];
  expect(response.headers["x-correlation-id"]).toBeDefined();
  socket.terminate();
  return response.statusCode;
}

test("a WebSocket delivers past and coming events and the end, then closes normally", async () => {
  for (const path of [`/api/executions/${executionId}/stream`, `/executor/builds/${executionId}/stream`]) {
    door.log.events.length = 0;
    door.log.status = "running";
    door.log.append("execution.created");
    door.log.append("execution.started");
    const socket = openSocket({ path, query: "?after=1" });
    const messages: { seq?: number; type: string }[] = [];
    socket.on("message", (data: Buffer) => messages.push(JSON.parse(data.toString())));
    await vi.waitUntil(() => messages.length === 1);
    door.log.finish();
    const [code] = await once(socket, "close");
    expect(code).toBe(1000);
    expect(messages.map(({ seq, type }) => [seq, type])).toEqual([
      [2, "execution.started"],
      [3, "execution.completed"],
      [undefined, "end"],
    ]);
  }
});

test("a foreign WebSocket is 403, one without credentials 401, an unknown execution 404", async () => {
  const authorization = `Bearer ${token}`;
  expect(await refusedWith(openSocket({ headers: { authorization, origin: "https://evil.example" } }))).toBe(403);
  expect(await refusedWith(openSocket({ headers: { authorization, origin: "null" } }))).toBe(403);
  expect(await refusedWith(openSocket({ headers: {} }))).toBe(401);
  expect(await refusedWith(openSocket({ headers: { authorization: "Bearer wrong" } }))).toBe(401);
  expect(await refusedWith(openSocket({ headers: { authorization, host: "evil.example" } }))).toBe(421);
  expect(await refusedWith(openSocket({ query: `?token=${token}`, headers: {} }))).toBe(400);
  expect(await refusedWith(openSocket({ path: "/api/executions/other/stream" }))).toBe(404);
  expect(await refusedWith(openSocket({ path: "/health" }))).toBe(426);
  expect(door.log.followers.size).toBe(0);
});

test("an upgrade to anything else is not left hanging", async () => {
  expect(statusOf(await raw(head("GET /health", { connection: "upgrade", upgrade: "h2c" })))).toBe(426);
});

test("a broken WebSocket handshake does not hurt the process", async () => {
  const upgrade = { connection: "upgrade", upgrade: "websocket" };
  expect(statusOf(await raw(head(`GET /api/executions/${executionId}/stream`, upgrade)))).toBe(400);
  expect(statusOf(await raw(head("GET /%2e%2e/", upgrade)))).toBe(400);
  expect(statusOf(await raw(head("GET *", upgrade)))).toBe(400);
  await expectAlive();
});

test("a WebSocket that floods is closed, one that leaves ends its following", async () => {
  const socket = openSocket();
  await once(socket, "open");
  await vi.waitUntil(() => door.log.followers.size === 1);
  socket.send("x".repeat(5_000));
  const [code] = await once(socket, "close");
  expect(code).toBe(1009);
  await vi.waitUntil(() => door.log.followers.size === 0);
});

test("a client that leaves its event stream ends its following", async () => {
  const leave = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  await fetch(`${server.url}/api/executions/${executionId}/stream`, { headers, signal: leave.signal });
  await vi.waitUntil(() => door.log.followers.size === 1);
  leave.abort();
  await vi.waitUntil(() => door.log.followers.size === 0);
});

test("close ends streams without an end message, tells WebSockets to come back, and is done soon", async () => {
  door.log.append("execution.created");
  const response = await fetch(`${server.url}/api/executions/${executionId}/stream`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const socket = openSocket();
  await once(socket, "open");
  await vi.waitUntil(() => door.log.followers.size === 2);
  const socketClosed = once(socket, "close");
  const startedMs = Date.now();
  await Promise.all([server.close(), server.close()]);
  expect(Date.now() - startedMs).toBeLessThan(limits.graceMs + 500);
  expect(await response.text()).not.toContain("event: end");
  expect((await socketClosed)[0]).toBe(1012);
  expect(door.log.followers.size).toBe(0);
});

test("close cuts a connection that does not go", async () => {
  const socket: Socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write("GET /health HTTP/1.1\r\n");
  const closed = once(socket, "close");
  await server.close();
  await closed;
});

test("a taken default port is replaced, a taken explicit one is an error with the remedy", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  try {
    const replaced = await startServer({ app: door.app, port, portIsExplicit: false, log });
    expect(replaced.port).not.toBe(port);
    expect((await fetch(`${replaced.url}/health`)).status).toBe(200);
    await replaced.close();
    await expect(startServer({ app: door.app, port, portIsExplicit: true, log })).rejects.toMatchObject({
      message: expect.stringContaining(`Port ${port}`),
      hint: expect.stringContaining("LONGHAUL_PORT"),
    });
  } finally {
    other.close();
  }
});
