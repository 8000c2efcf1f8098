import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { discoverOrchestrator, orchestratorFileIn, tokenFileIn } from "../../client/discover.ts";

let home: string;
let server: Server;
let url: string;
let health: object;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "longhaul-discover-"));
  health = { service: "longhaul", status: "ok", live: true };
  server = createServer((_request, response) => void response.end(JSON.stringify(health)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(home, { recursive: true });
});

const leave = (file: object) => writeFile(orchestratorFileIn(home), JSON.stringify(file));
const left = () => ({ url, pid: process.pid, startedAt: "2026-11-01T00:00:00.000Z", version: "1.2.3", nodeId: "n" });

test("a running one is found with its token", async () => {
  await leave(left());
  await writeFile(tokenFileIn(home), "secret\n");
  expect(await discoverOrchestrator(home)).toEqual({ ...left(), running: true, token: "secret" });
  expect(await discoverOrchestrator(home, { token: "given" })).toMatchObject({ token: "given" });
});

test("no file, a broken one or a home that does not exist mean that it was never started", async () => {
  expect(await discoverOrchestrator(home)).toMatchObject({ running: false, reason: "never_started" });
  expect(await discoverOrchestrator(join(home, "nowhere"))).toMatchObject({ reason: "never_started" });
  for (const content of ["", "{", "[]", "null", '{"url":"nonsense","pid":1}', '{"url":"http://x"}']) {
    await writeFile(orchestratorFileIn(home), content);
    expect(await discoverOrchestrator(home)).toMatchObject({ reason: "never_started" });
  }
});

test("a process that is gone is not running, whoever answers on its port", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  await leave({ ...left(), pid: child.pid });
  expect(await discoverOrchestrator(home)).toMatchObject({
    running: false,
    reason: "process_gone",
    detail: expect.stringContaining(String(child.pid)),
  });
});

test("a process that lives but does not answer as Longhaul is not running", async () => {
  await leave(left());
  health = { hello: "world" };
  expect(await discoverOrchestrator(home)).toMatchObject({ reason: "no_answer" });
  await leave({ ...left(), url: "http://127.0.0.1:9" });
  expect(await discoverOrchestrator(home)).toMatchObject({ reason: "no_answer" });
});

test("one that hangs is given up after the timeout", async () => {
  server.removeAllListeners("request");
  await leave(left());
  expect(await discoverOrchestrator(home, { timeoutMs: 50 })).toMatchObject({ reason: "no_answer" });
});

test("a missing token is told apart", async () => {
  await leave(left());
  expect(await discoverOrchestrator(home)).toMatchObject({
    running: false,
    reason: "no_token",
    detail: expect.stringContaining(tokenFileIn(home)),
  });
});
