import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type ExitReport, fileNames, type Intent, readWhole } from "../../../orchestrator/executors/attempt-files.ts";
import { isAlive } from "../../../orchestrator/executors/process-identity.ts";
import { listProcesses } from "../../../orchestrator/executors/process-tree.ts";
import { createShellExecutor, type ShellOptions } from "../../../orchestrator/executors/shell.ts";
import { createAttempt, fileText, until } from "./support/attempt.ts";
import { levels } from "./support/levels.ts";

const commandLine = (pid: number) => fileText(`/proc/${pid}/cmdline`) ?? "";
const nastyTree = fileURLToPath(new URL("./support/nasty-tree.sh", import.meta.url));
const environment = {
  PATH: process.env["PATH"],
  HOME: "/nowhere",
  DATABASE_URL: "postgres://user:secret@host/db",
  LONGHAUL_TOKEN: "token-0123456789",
};

describe.each(levels)("a shell task at level %s", (_level, containment) => {
  const shellWith = (options: Partial<ShellOptions> = {}) =>
    createShellExecutor({ containment, environment, limits: { graceMs: 300 }, ...options });
  const shell = shellWith();
  const command = (text: unknown, more: Record<string, unknown> = {}) =>
    createAttempt({ kind: "shell", params: { command: text }, ...more });

  test("succeeds with its last lines as summary and all of its output as events", async () => {
    const attempt = await command("echo one; echo two >&2; echo; echo three");
    expect(await attempt.run(shell)).toEqual({
      status: "succeeded",
      message: "exited with code 0",
      exitCode: 0,
      summary: "one\ntwo\nthree",
    });
    expect(attempt.text()).toBe("one\ntwo\n\nthree\n");
    expect(attempt.offset()).toBe("one\ntwo\n\nthree\n".length);
    expect(await readFile(join(attempt.directory, fileNames.output), "utf8")).toBe(attempt.text());
  });

  test("runs in the workspace, or in a folder inside it", async () => {
    const attempt = await command("pwd; mkdir -p inner");
    await attempt.run(shell);
    expect(attempt.text()).toBe(`${attempt.workspace}\n`);
    const inner = await createAttempt({ kind: "shell", params: { command: ["pwd"], cwd: "." } });
    expect(await inner.run(shell)).toMatchObject({ status: "succeeded", summary: inner.workspace });
  });

  test.each([
    ["exit 3", "transient", { exitCode: 3 }],
    ["false; echo not reached", "transient", { exitCode: 1 }],
    ["echo $undefined_variable; echo not reached", "transient", { exitCode: 1 }],
    ["no-such-program-at-all", "permanent", { exitCode: 127 }],
    [["no-such-program-at-all"], "permanent", {}],
    ["kill -KILL $$", "transient", { signal: "SIGKILL" }],
    ["true | false | true", "transient", { exitCode: 1 }],
  ])("fails for %j as %s", async (text, failureClass, facts) => {
    const attempt = await command(text);
    const outcome = await attempt.run(shell);
    expect(outcome).toMatchObject({ status: "failed", failureClass, ...facts });
    expect(attempt.text()).not.toContain("not reached");
  });

  test.each([
    [{}, /has no command/],
    [{ command: [] }, /has no command/],
    [{ command: "true", cwd: "../.." }, /leads out of the workspace/],
    [{ command: "true", cwd: "missing" }, /does not exist/],
    [{ command: "true", env: "A=1" }, /must map names to texts/],
  ])("is refused for good when it cannot run as written: %j", async (params, message) => {
    const attempt = await createAttempt({ kind: "shell", params });
    const outcome = await attempt.run(shell);
    expect(outcome).toMatchObject({ status: "failed", failureClass: "permanent" });
    expect(outcome.message).toMatch(message);
    expect(attempt.claim()).toBeUndefined();
  });

  test("sees the allowed part of the environment, its own marks, and nothing else", async () => {
    const attempt = await createAttempt({ kind: "shell", params: { command: ["env"], env: { FLAVOUR: "plain" } } });
    await attempt.run(shellWith({ environment: { ...environment, EXTRA: "passed", LC_ALL: "C" }, passOn: ["EXTRA"] }));
    const seen = Object.fromEntries(
      attempt
        .text()
        .trim()
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    expect(seen).toEqual({
      PATH: environment.PATH,
      HOME: "/nowhere",
      LC_ALL: "C",
      EXTRA: "passed",
      FLAVOUR: "plain",
      CI: "true",
      TERM: "dumb",
      PAGER: "cat",
      GIT_PAGER: "cat",
      GIT_TERMINAL_PROMPT: "0",
      DEBIAN_FRONTEND: "noninteractive",
      LONGHAUL_EXECUTION_ID: attempt.assignment.executionId,
      LONGHAUL_TASK_ID: "1",
      LONGHAUL_ATTEMPT: `${attempt.assignment.executionId}.1.1`,
    });
  });

  test("keeps the environment's values out of every file it leaves", async () => {
    const attempt = await createAttempt({
      kind: "shell",
      params: { command: "echo started", env: { MY_VALUE: "very-secret-value" } },
    });
    await attempt.run(shell);
    for (const name of Object.values(fileNames))
      expect(fileText(join(attempt.directory, name)) ?? "").not.toContain("very-secret-value");
  });

  test("is ended when its wall time is over, whatever it traps", async () => {
    const attempt = await command("trap '' TERM; echo started; while :; do sleep 0.05; done", { limits: { wallSeconds: 0.5 } });
    const outcome = await attempt.run(shell);
    expect(outcome).toMatchObject({ status: "failed", failureClass: "timeout", summary: "started" });
    expect(outcome.message).toMatch(/took too long: ran for 0\.\d s, allowed were 0\.5 s/);
    expect(attempt.marked()).toEqual([]);
  });

  test("is ended when it used too much CPU time", async () => {
    const attempt = await command("while :; do :; done", { limits: { cpuSeconds: 0.3 } });
    expect(await attempt.run(shell)).toMatchObject({
      status: "failed",
      failureClass: "timeout",
      message: expect.stringMatching(/CPU/),
    });
  });

  test("is ended when its tree holds too much memory, with the measured amount", async () => {
    const hog = [process.execPath, "-e", "const kept=[]; setInterval(() => kept.push(Buffer.alloc(20e6, 1)), 20)"];
    const attempt = await command(hog, { limits: { memoryMb: 150 } });
    const outcome = await attempt.run(shell);
    expect(outcome).toMatchObject({ status: "failed", failureClass: "out_of_memory" });
    expect(outcome.message).toMatch(/held \d+ MB of memory, allowed were 150 MB/);
  });

  test("is ended when it writes too much, soon after", async () => {
    const attempt = await command("yes", { limits: { outputMb: 20 } });
    const outcome = await attempt.run(shell);
    expect(outcome).toMatchObject({ status: "failed", failureClass: "output_limit" });
    const written = (readWhole<ExitReport>(attempt.directory, fileNames.exit) as ExitReport).outputBytes;
    expect(attempt.offset()).toBe(written);
    expect(written).toBeLessThan(400 * 1024 * 1024);
  });

  test("leaves no process behind when it is cancelled, however nasty its tree", async () => {
    const attempt = await command(["bash", nastyTree, "."]);
    const running = attempt.run(shell);
    for (const name of ["child", "session", "daemon", "renamed", "grandchild", "root"]) {
      await until(`${name} of the tree`, () => existsSync(join(attempt.workspace, name)));
    }
    expect(attempt.marked().length).toBeGreaterThanOrEqual(6);
    attempt.stop("cancelled");
    expect(await running).toMatchObject({ status: "cancelled" });
    expect(attempt.marked()).toEqual([]);
  });

  test.runIf(containment.report.treeKill === "guaranteed")(
    "takes along even what hides: no mark, no parent, another session",
    async () => {
      const seconds = `1000.${process.pid}`;
      const hidden = () => listProcesses().some((row) => commandLine(row.pid).includes(`sleep\0${seconds}\0`));
      const attempt = await command(`(env -i setsid -f sleep ${seconds}); while [ ! -e go ]; do sleep 0.02; done`);
      const running = attempt.run(shell);
      await until("the hidden process", hidden);
      await writeFile(join(attempt.workspace, "go"), "");
      expect(await running).toMatchObject({ status: "succeeded" });
      expect(hidden()).toBe(false);
    },
  );

  test("takes along what it left in the background when it ends by itself", async () => {
    const attempt = await command("setsid sleep 1000 & sleep 1000 & echo left");
    expect(await attempt.run(shell)).toMatchObject({ status: "succeeded" });
    expect(attempt.marked()).toEqual([]);
  });

  test("goes on when it is let go of, and is attached to again with its process unchanged", async () => {
    const attempt = await command("echo before; while [ ! -e go ]; do sleep 0.02; done; echo after");
    const running = attempt.run(shell);
    await until("the first line", () => attempt.text() === "before\n");
    attempt.stop("detach");
    expect(await running).toMatchObject({ status: "detached" });
    const pid = fileText(join(attempt.directory, fileNames.pid));
    const again = attempt.run(shell, { adopted: true });
    await writeFile(join(attempt.workspace, "go"), "");
    expect(await again).toMatchObject({ status: "succeeded", summary: "before\nafter" });
    expect(attempt.text()).toBe("before\nafter\n");
    expect(fileText(join(attempt.directory, fileNames.pid))).toBe(pid);
  });

  test("is unknown when its supervisor is killed, and its command dies with it", async () => {
    const attempt = await command("echo started; (setsid sleep 1000 &) ; sleep 1000");
    const running = attempt.run(shell);
    await until("the first line", () => attempt.text() === "started\n");
    const { identity } = await until("the claim", () => attempt.claim());
    process.kill(identity.pid, "SIGKILL");
    expect(await running).toMatchObject({
      status: "failed",
      failureClass: "ambiguous",
      message: expect.stringMatching(/outcome unknown/),
    });
    expect(isAlive(identity)).toBe(false);
    expect(attempt.marked()).toEqual([]);
  });

  test("is worth another attempt when somebody else stopped its supervisor", async () => {
    const attempt = await command("echo started; sleep 1000");
    const running = attempt.run(shell);
    await until("the first line", () => attempt.text() === "started\n");
    process.kill((await until("the claim", () => attempt.claim())).identity.pid, "SIGTERM");
    expect(await running).toMatchObject({
      status: "failed",
      failureClass: "transient",
      message: expect.stringMatching(/stopped from outside/),
    });
  });

  test("is ended, and the refusal passed on, when its record is refused", async () => {
    const attempt = await command("while :; do echo line; sleep 0.05; done");
    const refusal = new Error("superseded");
    const running = shell.run(attempt.assignment, {
      signal: new AbortController().signal,
      directory: attempt.directory,
      recordedOffset: 0,
      record: () => Promise.reject(refusal),
    });
    await expect(running).rejects.toBe(refusal);
    expect(attempt.marked()).toEqual([]);
  });

  test("can be cancelled while the record waits for a database that is away", async () => {
    const attempt = await command("echo line; sleep 1000");
    const controller = new AbortController();
    const database = Promise.withResolvers<void>();
    let asked = false;
    const running = shell.run(attempt.assignment, {
      signal: controller.signal,
      directory: attempt.directory,
      recordedOffset: 0,
      record() {
        asked = true;
        return database.promise;
      },
    });
    await until("something to record", () => asked);
    controller.abort("cancelled");
    await until("the report", () => readWhole(attempt.directory, fileNames.exit));
    database.resolve();
    expect(await running).toMatchObject({ status: "cancelled" });
  });

  test("stops at once when it was cancelled before it started", async () => {
    const attempt = await command("touch ran");
    const running = attempt.run(shell);
    attempt.stop("cancelled");
    expect(await running).toMatchObject({ status: "cancelled" });
    expect(attempt.marked()).toEqual([]);
  });

  test("writes down before the start how it will be held", async () => {
    const attempt = await command("true");
    await attempt.run(shell);
    expect(readWhole<Intent>(attempt.directory, fileNames.intent)).toMatchObject({
      contained: containment.report.level === "contained",
      wrapper: containment.wrapper,
      mark: `${attempt.assignment.executionId}.1.1`,
    });
  });
});
