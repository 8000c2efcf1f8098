/**
 * What can hold a task here, found by trying it: nothing is installed, nothing is assumed from version numbers.
 *
 * `contained` puts the supervisor into a PID namespace as its first process: when it dies, however it dies, the kernel kills everything in
 * there. Root needs no more; ordinary users make a user namespace around it, and keep the capability to mount a `/proc` for the command,
 * which is dropped before the command starts. `process` is what is left elsewhere: process groups, and a sweep for marked processes.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { IsolationLevel } from "../../plan/isolation.ts";
import { carriesMark, listProcesses, markVariable } from "./process-tree.ts";

/** The words that `doctor`, `/capabilities` and every started event use for how a task is held. */
export type Isolation = {
  level: IsolationLevel;
  files: string;
  network: string;
  memory: string;
  treeKill: string;
  why: string;
};

/** How to get that: what goes before the supervisor's argv, and what the supervisor puts before the command's. */
export type Containment = {
  report: Isolation;
  /** Whether the launcher makes the supervisor the first process of a PID namespace. */
  pidNamespace: boolean;
  launcher: string[];
  wrapper: string[];
  /** Run when everything has ended: removes what the wrapper may have left outside its process tree. */
  cleanup?: string[];
};

const probeMs = 3_000;
export const dropCapabilities = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--"];
const dieWithParent = ["setpriv", "--pdeathsig", "KILL", "--"];
const common = { files: "everything the user can reach", network: "open" };

let found: Promise<Containment> | undefined;

/** The strongest containment that works here; probed once per process. */
export function findContainment(): Promise<Containment> {
  found ??= probe();
  return found;
}

/** What `findContainment` found, in words. */
export async function probeIsolation(): Promise<Isolation> {
  return (await findContainment()).report;
}

/** Level 1 without any tool. */
const plainProcess: Containment = {
  report: {
    ...common,
    level: "process",
    memory: "none",
    treeKill: "best-effort",
    why: "neither PID namespaces nor setpriv work here",
  },
  pidNamespace: false,
  launcher: [],
  wrapper: [],
};

async function probe(): Promise<Containment> {
  if (process.platform !== "linux") {
    return { ...plainProcess, report: { ...plainProcess.report, why: `${process.platform} has no PID namespaces` } };
  }
  const root = process.getuid?.() === 0;
  const user = root ? [] : ["--user", "--map-current-user", "--keep-caps"];
  const launcher = ["unshare", ...user, "--pid", "--fork", "--kill-child", "--"];
  const wrapper = ["unshare", "--mount-proc", "--", ...(root ? [] : dropCapabilities)];
  const refusal = await tryNamespace(launcher, wrapper);
  const memory = "watchdog";
  if (refusal === undefined) {
    const why = root ? "PID namespaces work" : "PID namespaces work inside a user namespace";
    return {
      pidNamespace: true,
      launcher,
      wrapper,
      report: { ...common, level: "contained", memory, treeKill: "guaranteed", why },
    };
  }
  return processLevel(`no PID namespace: ${refusal}`);
}

/** Level 1 with the kernel's parent-death signal for the command itself, where setpriv can set it. */
export async function processLevel(why: string): Promise<Containment> {
  const works = await succeeds([...dieWithParent, "true"]);
  const report = { ...common, level: "process" as const, memory: "watchdog", treeKill: "best-effort", why };
  return { pidNamespace: false, launcher: [], wrapper: works ? dieWithParent : [], report };
}

/** Starts a process that leaves its session inside a namespace, kills the namespace's outside end, and looks whether it died. */
async function tryNamespace(launcher: string[], wrapper: string[]): Promise<string | undefined> {
  const mark = randomUUID();
  const wrapped = wrapper.map((word) => `'${word}'`).join(" ");
  const script = [
    "test -e /proc/thread-self/children || exit 1",
    `${wrapped} sh -c 'test -e /proc/$$/stat' || exit 1`, // the command sees a /proc in which it finds itself
    `${wrapped} setsid sleep 30 >/dev/null 2>&1 &`,
    "echo ready; wait",
  ].join("\n");
  const [program, ...args] = [...launcher, "sh", "-c", script] as unknown as [string, ...string[]];
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", [markVariable]: mark },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), probeMs);
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => {
    complaint += text.toString();
  });
  const ready = new Promise<boolean>((resolve) => {
    child.stdout.once("data", () => resolve(true));
    child.once("error", (error) => {
      complaint = error.message;
      resolve(false);
    });
    child.once("close", () => resolve(false));
  });
  try {
    if (!(await ready)) return complaint.trim().split("\n")[0] || "unshare does not work";
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    const deadline = Date.now() + probeMs;
    const survives = () => listProcesses().some((row) => carriesMark(row.pid, mark));
    while (survives()) {
      if (Date.now() > deadline) return "a process survived the end of its namespace";
      await delay(2);
    }
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function succeeds(argv: string[]): Promise<boolean> {
  const [program, ...args] = argv as [string, ...string[]];
  const child = spawn(program, args, { stdio: "ignore", timeout: probeMs });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0));
  });
}
