/** Commands in real containers, by podman. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findContainment } from "../../../orchestrator/executors/isolation.ts";
import { findIsolation, type IsolationLevels } from "../../../orchestrator/executors/isolation-levels.ts";
import { createShellExecutor } from "../../../orchestrator/executors/shell.ts";
import { createAttempt } from "./support/attempt.ts";
import { image, podmanIsThere, preparePodman } from "./support/podman.ts";

let root: string;
let isolation: IsolationLevels;
let pathBefore: string | undefined;

// .ci/run installs what this needs as root, so there it has to be there.
const isCi = process.env["CI"] === "true" && process.getuid?.() === 0;
describe.runIf(podmanIsThere || isCi)("a task in a container", () => {
  beforeAll(async () => {
    root = await mkdtemp("/tmp/longhaul-container-");
    await mkdir(join(root, "state", "cache"), { recursive: true });
    pathBefore = process.env["PATH"];
    process.env["PATH"] = `${await preparePodman(root)}:${pathBefore}`;
    isolation = await findIsolation({ state: join(root, "state"), home: root });
  }, 60_000);
  afterAll(async () => {
    process.env["PATH"] = pathBefore;
    await rm(root, { recursive: true, force: true });
  });

  const containers = () => execFileSync(join(root, "bin", "podman"), ["ps", "--all", "--quiet"], { encoding: "utf8" }).trim();

  async function attemptIn(command: string, task: Record<string, unknown> = {}, asked: object = {}) {
    const attempt = await createAttempt({ params: { command }, isolation: { level: "container", image, ...asked }, ...task });
    const environment = { ...process.env, HOME: root };
    const shell = createShellExecutor({ containment: await findContainment(), confine: isolation.confine, environment });
    return { attempt, shell };
  }
  async function run(...how: Parameters<typeof attemptIn>) {
    const { attempt, shell } = await attemptIn(...how);
    return { attempt, outcome: await attempt.run(shell), text: attempt.text() };
  }

  it("sees the workspace, and of this machine nothing else", async () => {
    const { outcome, text, attempt } = await run(`echo kept >file; ls /; cat ${root}/state 2>&1 || echo hidden; id -u`);
    expect({ text, outcome }).toMatchObject({ outcome: { status: "succeeded", isolation: { level: "container" } } });
    expect(text).toContain("hidden");
    expect(text).not.toMatch(/^(home|root|var|usr)$/m);
    expect(await readFile(join(attempt.workspace, "file"), "utf8")).toBe("kept\n");
    expect(isolation.report.level).not.toBe("container"); // only when it is asked for
    expect(containers()).toBe("");
  });

  it("gets the variables of the task and not the PATH of the machine", async () => {
    const { text } = await run('echo "$GREETING"; echo "$PATH"', {
      params: { command: 'echo "$GREETING $LONGHAUL_TASK_ID"; echo "$PATH"', env: { GREETING: "two words" } },
    });
    expect(text).toMatch(/^two words \S+\n/);
    expect(text).not.toContain(root);
  });

  it("is without a network when it asks for none", async () => {
    const { text, outcome } = await run("cat /proc/net/dev | wc -l", {}, { network: "none" });
    expect({ text: text.trim(), network: outcome.isolation?.network }).toEqual({ text: "3", network: "none" });
  });

  it("ends with its own exit code, or says that there was no container", async () => {
    expect((await run("exit 3")).outcome).toMatchObject({ status: "failed", exitCode: 3 });
    const { outcome } = await run("true", {}, { image: "localhost/nobody-has-this:1" });
    expect(outcome).toMatchObject({ failureClass: "permanent", message: expect.stringContaining("could not be started") });
    const attempt = await createAttempt({ params: { command: "true" }, isolation: "container" });
    const shell = createShellExecutor({ containment: await findContainment(), confine: isolation.confine, environment: {} });
    expect(await attempt.run(shell)).toMatchObject({ message: expect.stringContaining("has no image, nothing was run") });
  });

  it("is held to its memory by the kernel, and reported as that", async () => {
    const { outcome } = await run("dd if=/dev/zero of=/dev/shm/x bs=1M count=60 2>/dev/null; tail -c 100M /dev/zero", {
      limits: { memoryMb: 40 },
    });
    expect(outcome).toMatchObject({ status: "failed", failureClass: "out_of_memory", isolation: { memory: "cgroup" } });
  });

  it.each([
    ["its time is over", { limits: { wallSeconds: 2 } }],
    [
      "it does not listen to TERM",
      { limits: { wallSeconds: 2 }, params: { command: "trap '' TERM; while :; do sleep 1; done" } },
    ],
  ])("leaves nothing behind when %s", async (_why, task) => {
    const { outcome } = await run("sleep 600", task);
    expect(outcome).toMatchObject({ status: "failed", failureClass: "timeout" });
    expect(containers()).toBe("");
  });

  it("leaves nothing behind when its supervisor is killed", async () => {
    const { attempt, shell } = await attemptIn("echo started; sleep 600");
    const running = attempt.run(shell);
    await expect.poll(() => attempt.text(), { timeout: 20_000 }).toContain("started");
    process.kill((attempt.claim() as { identity: { pid: number } }).identity.pid, "SIGKILL");
    expect(await running).toMatchObject({ status: "failed" });
    for (let left = 50; containers() !== "" && left > 0; left -= 1) await delay(100);
    expect(containers()).toBe("");
  });
});
