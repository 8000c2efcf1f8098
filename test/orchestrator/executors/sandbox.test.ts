import { execFile, execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findContainment } from "../../../orchestrator/executors/isolation.ts";
import { findIsolation, type IsolationLevels } from "../../../orchestrator/executors/isolation-levels.ts";
import { createShellExecutor } from "../../../orchestrator/executors/shell.ts";
import { createAttempt } from "./support/attempt.ts";

/** Not below /tmp, /var/tmp or /dev/shm, which can be written in every sandbox; an ordinary user has /run/lock, if no home. */
const places = ["/var", homedir(), process.cwd(), "/run/lock"];
const isTemporary = (path: string) => ["/tmp/", "/var/tmp/", "/dev/shm/"].some((folder) => `${path}/`.startsWith(folder));
async function makeRoot(): Promise<string> {
  for (const place of places.filter((path) => !isTemporary(path))) {
    const made = await mkdtemp(join(place, "longhaul-sandbox-")).catch(() => undefined);
    if (made !== undefined) return made;
  }
  throw new Error(`None of ${places.join(", ")} can be written and lies outside the temporary folders.`);
}

let root: string;
let home: string;
let state: string;
let isolation: IsolationLevels;
beforeAll(async () => {
  root = await makeRoot();
  await chmod(root, 0o755);
  [home, state] = [join(root, "home"), join(root, "state")];
  for (const folder of [".ssh", ".cache", ".config/gh"]) await mkdir(join(home, folder), { recursive: true });
  await writeFile(join(home, ".ssh", "id"), "private key");
  await writeFile(join(home, ".npmrc"), "//registry/:_authToken=secret");
  await writeFile(join(home, ".claude.json"), '{"secret": true}');
  await mkdir(join(state, "workspaces", "one"), { recursive: true });
  await writeFile(join(state, "token"), "token");
  isolation = await findIsolation({ state, home, engine: "none" });
});
afterAll(() => rm(root, { recursive: true, force: true }));

const sandboxWorks = async () =>
  (await findIsolation({ state, home })).levels.find(({ level }) => level === "sandboxed")?.available === true;

async function run(command: string, task: Record<string, unknown> = {}, workspace?: string) {
  const attempt = await createAttempt({ params: { command }, ...task });
  if (workspace !== undefined) attempt.assignment.workspace = workspace;
  const shell = createShellExecutor({
    containment: await findContainment(),
    confine: isolation.confine,
    environment: { ...process.env, HOME: home },
  });
  const outcome = await attempt.run(shell);
  return { outcome, attempt };
}

const linux = process.platform === "linux";
describe.runIf(linux)("the sandbox", () => {
  it("is the default where it works, and says so before the first line of output", async () => {
    expect(await sandboxWorks()).toBe(true);
    expect(isolation.report).toMatchObject({ level: "sandboxed", network: "open", treeKill: "guaranteed" });
    const { outcome, attempt } = await run("echo hello");
    expect(outcome).toMatchObject({ status: "succeeded", isolation: { level: "sandboxed" } });
    expect(attempt.events[0]).toEqual({ type: "task.isolated", data: { ...isolation.report } });
    expect(attempt.text()).toContain("hello");
  });

  it("lets the workspace, temporary folders and caches be written, and nothing else", async () => {
    const outside = join(root, "outside");
    const { outcome, attempt } = await run(
      [
        "echo kept > file; mkdir -p a/b; echo x > /tmp/longhaul-sandbox-$$; rm /tmp/longhaul-sandbox-$$; echo x > ~/.cache/kept",
        `for place in ${outside} ~/.bashrc /etc/longhaul /usr/local/longhaul; do (echo x > $place) 2>/dev/null && echo "wrote $place"; done`,
        "echo done",
      ].join("\n"),
    );
    expect({ ...outcome, text: attempt.text() }).toMatchObject({ status: "succeeded", text: "done\n" });
    expect(await readFile(join(attempt.workspace, "file"), "utf8")).toBe("kept\n");
    expect(await readFile(join(home, ".cache", "kept"), "utf8")).toBe("x\n");
    await expect(stat(outside)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("hides keys, tokens and the orchestrator's own state, also from a second mount and through /proc", async () => {
    const { attempt } = await run(
      [
        "set +e",
        `ls ~/.ssh ~/.config/gh ${state} | grep -v :; cat ~/.npmrc ~/.claude.json`,
        "mount -o remount,rw / 2>/dev/null && echo remounted",
        "umount ~/.ssh 2>/dev/null && echo unmounted",
        "unshare -Ur umount -l ~/.ssh 2>/dev/null && echo unmounted in a namespace",
        `cat /proc/1/root${home}/.ssh/id 2>/dev/null; cat /proc/*/root${state}/token 2>/dev/null`,
        "echo end",
      ].join("\n"),
    );
    expect(attempt.text().replaceAll("\n", "")).toBe("{}end");
  });

  it("shows a workspace that lies in the hidden state, and nothing around it", async () => {
    const workspace = join(state, "workspaces", "one");
    const { outcome, attempt } = await run(`pwd; echo x > made; ls ${state}; cat ../../token 2>/dev/null || :`, {}, workspace);
    expect({ ...outcome, text: attempt.text() }).toMatchObject({ status: "succeeded", text: `${workspace}\nworkspaces\n` });
    expect(await readFile(join(workspace, "made"), "utf8")).toBe("x\n");
  });

  it("does so as well when the state lies in a folder that can be written", async () => {
    const around = await mkdtemp("/tmp/longhaul-state-");
    onTestFinished(() => rm(around, { recursive: true, force: true }));
    const workspace = join(around, "workspaces", "one");
    await mkdir(workspace, { recursive: true });
    await writeFile(join(around, "token"), "token");
    const attempt = await createAttempt({ params: { command: "echo x > made; ls ../.." } });
    const { confine } = await findIsolation({ state: around, home });
    const shell = createShellExecutor({ containment: await findContainment(), confine, environment: process.env });
    attempt.assignment.workspace = workspace;
    expect(await attempt.run(shell)).toMatchObject({ status: "succeeded", summary: "workspaces" });
    expect(await readFile(join(workspace, "made"), "utf8")).toBe("x\n");
  });

  it("lets a worktree commit to the repository that it belongs to, wherever that lies", async () => {
    const git = (cwd: string, ...args: string[]) =>
      execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd });
    const repository = join(root, "a repository's folder");
    await mkdir(repository);
    git(repository, "init", "-q");
    git(repository, "commit", "-q", "--allow-empty", "-m", "first");
    const worktree = join(state, "worktree");
    git(repository, "worktree", "add", "-q", worktree);
    const commit = "git -c user.name=a -c user.email=a@b commit -q --allow-empty -m second && git log --format=%s";
    const { outcome, attempt } = await run(
      `${commit}; (echo x > "${repository}/file") 2>/dev/null || echo refused`,
      {},
      worktree,
    );
    expect({ ...outcome, text: attempt.text() }).toMatchObject({ status: "succeeded", text: "second\nfirst\nrefused\n" });
  });

  it("opens what the task names, and only that", async () => {
    const folder = join(root, "deploy");
    await mkdir(folder, { recursive: true });
    const asked = { writable: [folder], reveal: ["~/.npmrc"] };
    const { attempt } = await run(`echo x > ${folder}/file; cat ~/.npmrc; cat ~/.claude.json`, { isolation: asked });
    expect(attempt.text().replaceAll("\n", "")).toBe("//registry/:_authToken=secret{}");
    expect(await readFile(join(folder, "file"), "utf8")).toBe("x\n");
  });

  it("says that it was the sandbox when a command fails on a read-only place", async () => {
    const { outcome } = await run("echo x > /etc/longhaul");
    expect(outcome).toMatchObject({ status: "failed", message: expect.stringContaining("isolation.writable") });
  });

  it("cuts the network off when asked, and leaves the machine to itself", async () => {
    const count = "grep -c : /proc/net/dev";
    const cut = await run(`${count} || :; ls /sys/class/net > /dev/null`, { isolation: { network: "none" } });
    expect(cut.attempt.text()).toBe("1\n"); // its own loopback
    expect(cut.outcome.isolation).toMatchObject({ level: "sandboxed", network: "none" });
  });

  it("costs a few milliseconds", async () => {
    const bare = await createAttempt({});
    const { launcher, wrapper } = await isolation.confine(bare.assignment, {
      directory: bare.directory,
      cwd: bare.workspace,
      writableHome: false,
    });
    const contained = await findContainment();
    const [quick, sandboxed] = [contained.wrapper, wrapper].map((words) => {
      const times = Array.from({ length: 7 }, () => {
        const start = performance.now();
        execFileSync(launcher[0] as string, [...launcher.slice(1), ...words, "true"], { cwd: bare.workspace });
        return performance.now() - start;
      });
      return times.toSorted((a, b) => a - b)[3] as number;
    }) as [number, number];
    console.log(`sandbox: ${(sandboxed - quick).toFixed(1)} ms more than contained (${quick.toFixed(1)} ms)`);
    expect(sandboxed - quick).toBeLessThan(100); // a busy machine is no defect; the goal of 10 ms is for an idle one
  });
});

describe("a level that a task asks for", () => {
  it("is the level it gets, also when it is a weaker one", async () => {
    for (const level of ["process", ...(linux ? ["contained"] : [])]) {
      const { outcome } = await run("true", { isolation: level });
      expect(outcome.isolation?.level).toBe(level);
    }
  });

  it("is refused before anything runs when the node does not have it, with what it needs", async () => {
    const { outcome, attempt } = await run("touch ran", { isolation: "container" });
    expect(outcome).toMatchObject({ status: "failed", failureClass: "permanent" });
    expect(outcome.message).toMatch(/isolation container is not available on this node, nothing was run: .+ It needs: .+/);
    await expect(stat(join(attempt.workspace, "ran"))).rejects.toMatchObject({ code: "ENOENT" });
    expect(attempt.claim()).toBeUndefined();
  });

  it("is refused when it cannot hold what else is asked", async () => {
    const { outcome } = await run("touch ran", { isolation: { level: "process", network: "none" } });
    expect(outcome).toMatchObject({
      status: "failed",
      failureClass: "permanent",
      message: expect.stringContaining("limits neither"),
    });
  });

  it("stops the start when the configuration names one that does not work", async () => {
    await expect(findIsolation({ state, home, level: "container", engine: "none" })).rejects.toThrow(
      "LONGHAUL_ISOLATION is container",
    );
  });
});

it.runIf(linux && process.getuid?.() === 0)("a sandbox does not mind that other mounts come and go meanwhile", async () => {
  const places = await Promise.all(Array.from({ length: 4 }, () => mkdtemp("/var/longhaul mount ")));
  let churning = true;
  const churn = Promise.all(
    places.map(async (place) => {
      while (churning) {
        await promisify(execFile)("mount", ["-t", "tmpfs", "tmpfs", place]);
        await promisify(execFile)("umount", [place]);
      }
    }),
  );
  const outcomes = await Promise.all(Array.from({ length: 12 }, () => run("(echo x > /etc/longhaul) 2>/dev/null || echo held")));
  churning = false;
  await churn;
  await Promise.all(places.map((place) => rm(place, { recursive: true })));
  expect(outcomes.map(({ outcome }) => outcome.summary)).toEqual(outcomes.map(() => "held"));
});
