import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import {
  type Claim,
  fileNames,
  publishExit,
  readWhole,
  reserveExit,
  takeClaim,
} from "../../../orchestrator/executors/attempt-files.ts";
import type { Outcome } from "../../../orchestrator/executors/executor.ts";
import { findContainment } from "../../../orchestrator/executors/isolation.ts";
import { identify, isAlive, type ProcessIdentity } from "../../../orchestrator/executors/process-identity.ts";
import { createShellExecutor } from "../../../orchestrator/executors/shell.ts";
import { createAttempt, fileText, until } from "./support/attempt.ts";

const containment = await findContainment();
const shell = createShellExecutor({ containment, environment: process.env, limits: { graceMs: 300 } });
const program = fileURLToPath(new URL("./support/orchestrator-process.ts", import.meta.url));
const self = identify("self") as ProcessIdentity;
const exited = { reason: "exited", signal: null, detail: "", startedMs: 1, endedMs: 2, outputBytes: 0, swept: 0 } as const;

function startOrchestrator(directory: string, recordFile: string, assignment: object): ChildProcess {
  const child = spawn(process.execPath, [program, directory, recordFile, JSON.stringify(assignment)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

test("an orchestrator killed again and again while a command runs loses and repeats nothing, and the command keeps its process", async () => {
  const lines = 4000;
  const attempt = await createAttempt({
    kind: "shell",
    params: { command: `for i in $(seq ${lines}); do echo line $i; [ $((i % 20)) -eq 0 ] && sleep 0.01; done; true` },
  });
  const recordFile = join(attempt.workspace, "record.json");
  const recorded = () => JSON.parse(fileText(recordFile) ?? '{"offset":0,"text":""}') as { offset: number; text: string };
  let child = startOrchestrator(attempt.directory, recordFile, attempt.assignment);
  await until("the command's process", () => fileText(join(attempt.directory, fileNames.pid)));
  const pid = fileText(join(attempt.directory, fileNames.pid));
  for (let kills = 0; kills < 5; kills += 1) {
    const before = recorded().offset;
    await until("more output", () => recorded().offset > before);
    child.kill("SIGKILL");
    await once(child, "exit");
    child = startOrchestrator(attempt.directory, recordFile, { ...attempt.assignment, adopted: true });
  }
  const outcome = JSON.parse(await text(child.stdout as NodeJS.ReadableStream)) as Outcome;
  expect(outcome).toMatchObject({ status: "succeeded", exitCode: 0 });
  expect(recorded().text).toBe(Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`).join(""));
  expect(fileText(join(attempt.directory, fileNames.pid))).toBe(pid);
});

test("a command that ended while no orchestrator ran is reported from its files", async () => {
  const attempt = await createAttempt({
    kind: "shell",
    params: { command: "echo started; while [ ! -e go ]; do sleep 0.02; done; echo ended; exit 7" },
  });
  const child = startOrchestrator(attempt.directory, join(attempt.workspace, "record.json"), attempt.assignment);
  await until("the first line", () => fileText(join(attempt.directory, fileNames.output)));
  child.kill("SIGKILL");
  await once(child, "exit");
  writeFileSync(join(attempt.workspace, "go"), "");
  await until("the report", () => readWhole(attempt.directory, fileNames.exit));
  expect(await attempt.run(shell, { adopted: true })).toMatchObject({ status: "failed", failureClass: "transient", exitCode: 7 });
  expect(attempt.text()).toBe("started\nended\n");
});

test("an adopted attempt without a claim never started, and a supervisor that comes late gives up", async () => {
  const attempt = await createAttempt({ kind: "shell", params: { command: "touch ran" } });
  expect(await attempt.run(shell, { adopted: true })).toMatchObject({ status: "failed", failureClass: "never_started" });
  expect(takeClaim(attempt.directory, { by: "supervisor", identity: self })).toBe(false);
  // Also for the same attempt once more: it stays given up.
  expect(await attempt.run(shell)).toMatchObject({ status: "failed", failureClass: "never_started" });
  expect(fileText(join(attempt.workspace, "ran"))).toBeUndefined();
});

test("of many that claim at once exactly one gets it", async () => {
  const attempt = await createAttempt({ kind: "shell" });
  const claims = await Promise.all(
    Array.from({ length: 20 }, async () => takeClaim(attempt.directory, { by: "supervisor", identity: self })),
  );
  expect(claims.filter(Boolean)).toHaveLength(1);
  expect(attempt.claim()).toEqual({ by: "supervisor", identity: self });
});

test.each<[string, Partial<ProcessIdentity>]>([
  ["whose number another process has now", { starttime: "1" }],
  ["of another boot", { bootId: "00000000-0000-0000-0000-000000000000" }],
  ["that is gone", { pid: 2 ** 22 - 1 }],
])("a supervisor %s is dead, and nobody else is signalled in its place", async (_case, difference) => {
  const attempt = await createAttempt({ kind: "shell" });
  const bystander = spawn("sleep", ["1000"], { stdio: "ignore" });
  onTestFinished(() => {
    bystander.kill("SIGKILL");
  });
  const identity = { ...(identify(bystander.pid as number) as ProcessIdentity), ...difference };
  takeClaim(attempt.directory, { by: "supervisor", identity });
  const running = attempt.run(shell, { adopted: true });
  attempt.stop("cancelled");
  expect(["cancelled", "failed"]).toContain((await running).status);
  expect(await attempt.run(shell, { adopted: true })).toMatchObject({ status: "failed", failureClass: "ambiguous" });
  expect(isAlive(identify(bystander.pid as number) as ProcessIdentity)).toBe(true);

  reserveExit(attempt.directory);
  publishExit(attempt.directory, { ...exited, exitCode: 0 });
  expect(await attempt.run(shell, { adopted: true })).toMatchObject({ status: "succeeded" });
});

test("output that was recorded before is not recorded again", async () => {
  const attempt = await createAttempt({ kind: "shell", params: { command: "echo once" } });
  await attempt.run(shell);
  expect(await attempt.run(shell, { adopted: true })).toMatchObject({ status: "succeeded" });
  expect(attempt.text()).toBe("once\n");
});

test("a supervisor that cannot claim leaves a reason", async () => {
  const attempt = await createAttempt({ kind: "shell", params: { command: "true" } });
  const broken = createShellExecutor({
    containment: { ...containment, launcher: ["no-such-launcher"] },
    environment: process.env,
  });
  const outcome = await attempt.run(broken);
  expect(outcome).toMatchObject({
    status: "failed",
    failureClass: "never_started",
    message: expect.stringMatching(/no-such-launcher/),
  });
  expect(attempt.claim()).toMatchObject({ by: "recovery" } satisfies Partial<Claim>);
});

test("the exit report is written into room that was set aside before", async () => {
  const attempt = await createAttempt({ kind: "shell" });
  reserveExit(attempt.directory);
  expect(readFileSync(join(attempt.directory, "exit.reserved")).length).toBe(4096);
  publishExit(attempt.directory, { ...exited, exitCode: 0 });
  expect(readFileSync(join(attempt.directory, fileNames.exit)).length).toBe(4096);
});
