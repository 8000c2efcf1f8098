import { mkdtemp, readFile, realpath, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { discoverOrchestrator } from "../../client/discover.ts";
import { ensureOrchestrator, StartError } from "../../client/start.ts";

const fixture = fileURLToPath(new URL("fixtures/fake-orchestrator.ts", import.meta.url));
let home: string;

beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "longhaul-start-")));
});
afterEach(async () => {
  const running = await discoverOrchestrator(home);
  if (running.running) process.kill(running.pid, "SIGKILL");
  await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }); // starters that lost may still be writing
});

const command = (mode: string): [string, ...string[]] => [process.execPath, fixture, mode];
const starts = async () => (await readFile(join(home, "starts"), "utf8")).trim().split("\n");

test("it starts one in its home, and finds that one the next time", async () => {
  const first = await ensureOrchestrator({ home, command: command("ok") });
  expect(first).toMatchObject({ running: true, started: true, nodeId: "fake", token: "x".repeat(43) });
  const second = await ensureOrchestrator({ home, command: command("ok") });
  expect(second).toMatchObject({ url: first.url, pid: first.pid, started: false });
  expect(await starts()).toEqual([`ok ${home}`]);
});

test("many starters at once all end at the same one", async () => {
  const all = await Promise.all(Array.from({ length: 5 }, () => ensureOrchestrator({ home, command: command("ok") })));
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(1);
});

test("a start that fails at once shows what its log said", async () => {
  const failed = await ensureOrchestrator({ home, command: command("fail") }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(StartError);
  expect((failed as StartError).message).toContain("ended at once (2)");
  expect((failed as StartError).message).toContain("LONGHAUL_PORT: must be a number");
  expect((failed as StartError).message).toContain(join(home, "logs", "orchestrator.log"));
});

test("a program that does not exist is an error, not a wait", async () => {
  await expect(ensureOrchestrator({ home, command: ["/nowhere/node"] })).rejects.toThrow("ENOENT");
});

test("one that never gets ready is given up with its last log lines", async () => {
  const failed = await ensureOrchestrator({ home, command: command("hang"), deadlineMs: 1_500 }).catch((error: unknown) => error);
  expect((failed as StartError).message).toContain("not ready after 1.5 s");
  expect((failed as StartError).message).toContain("waiting for the database");
});

test("while the old one is on its way out, it starts again until it can", async () => {
  await ensureOrchestrator({ home, command: command("ok") });
  const old = await discoverOrchestrator(home);
  if (old.running) process.kill(old.pid, "SIGKILL");
  await vi.waitUntil(async () => !(await discoverOrchestrator(home)).running);
  const ensured = ensureOrchestrator({ home, command: command("ok") });
  await vi.waitUntil(async () => (await starts()).length === 2);
  await rmdir(join(home, "lock"));
  expect(await ensured).toMatchObject({ running: true });
});

test("a running one whose token cannot be read is not started again", async () => {
  await ensureOrchestrator({ home, command: command("ok") });
  await writeFile(join(home, "token"), "");
  await expect(ensureOrchestrator({ home, command: command("ok") })).rejects.toThrow("cannot be read");
  await writeFile(join(home, "token"), "t".repeat(43));
  expect(await starts()).toHaveLength(1);
});

test("the log belongs to its user only", async () => {
  await ensureOrchestrator({ home, command: command("ok") });
  expect((await stat(join(home, "logs", "orchestrator.log"))).mode & 0o777).toBe(0o600);
});
