import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { findContainment, probeIsolation, processLevel } from "../../../orchestrator/executors/isolation.ts";
import { identify, isAlive, type ProcessIdentity, signalProcess } from "../../../orchestrator/executors/process-identity.ts";
import { carriesMark, listProcesses, markVariable, sweepMarked } from "../../../orchestrator/executors/process-tree.ts";
import { until } from "./support/attempt.ts";

test("the report says what holds a task here, once and for all callers", async () => {
  const isolation = await probeIsolation();
  expect(isolation).toBe((await findContainment()).report);
  expect(isolation).toEqual({
    level: expect.stringMatching(/^(contained|process)$/),
    files: "everything the user can reach",
    network: "open",
    memory: expect.stringMatching(/^(watchdog|none)$/),
    treeKill: isolation.level === "contained" ? "guaranteed" : "best-effort",
    why: expect.stringMatching(/./),
  });
});

test("level process is what is left, with the reason that was given", async () => {
  const { report, launcher } = await processLevel("because");
  expect(report).toMatchObject({ level: "process", treeKill: "best-effort", why: "because" });
  expect(launcher).toEqual([]);
});

test("everything that carries a mark is found and killed, nothing else", async () => {
  const mark = randomUUID();
  const start = (environment: Record<string, string>) => {
    const child = spawn("sleep", ["1000"], { env: { PATH: process.env["PATH"], ...environment }, stdio: "ignore" });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    return child;
  };
  const marked = [start({ [markVariable]: mark }), start({ [markVariable]: mark })];
  const others = [start({}), start({ [markVariable]: `${mark}0` })];
  await until("the marked processes", () => listProcesses().filter((row) => carriesMark(row.pid, mark)).length === 2);
  const ended = Promise.all(marked.map((child) => once(child, "exit")));
  expect(await sweepMarked(mark)).toBe(2);
  await ended;
  for (const child of others) expect(isAlive(identify(child.pid as number) as ProcessIdentity)).toBe(true);
});

test("a process is known by more than its number", async () => {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  const identity = identify(child.pid as number) as ProcessIdentity;
  expect(isAlive(identity)).toBe(true);
  expect(signalProcess({ ...identity, starttime: "1" }, "SIGKILL")).toBe(false);
  expect(isAlive({ ...identity, bootId: "another" })).toBe(false);
  expect(signalProcess(identity, "SIGKILL")).toBe(true);
  await once(child, "exit");
  expect(isAlive(identity)).toBe(false);
});
