/**
 * The program that stands between an orchestrator and one command. It runs detached, outlives the orchestrator, and imports only node
 * built-ins, because there is one of it for every running attempt.
 *
 *   read the order from stdin → reserve exit.json → take the claim → start the command → pid.json → wait → end the tree → exit.json
 *
 * Failure story. Orchestrator gone before the order was complete: the JSON is cut short, nothing was claimed, this program ends. Claim
 * taken by somebody else: likewise. SIGTERM: the tree is ended and the report says `terminated`. SIGKILL: the kernel kills the command with
 * it (PID namespace, or parent-death signal for the command itself), there is no exit.json, and whoever looks next reports an unknown outcome.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  type ExitReport,
  fileNames,
  publishExit,
  reserveExit,
  type SupervisorOrder,
  takeClaim,
  writeWhole,
} from "./attempt-files.ts";
import { identify } from "./process-identity.ts";
import { cleanUp, markVariable, ProcessTree, signalEach, sweep } from "./process-tree.ts";
import { type Breach, kernelKills, outputSize, startWatchdog } from "./watchdog.ts";

const termPollMs = 20;

const directory = process.argv[2] as string;
const order = JSON.parse(readFileSync(0, "utf8")) as SupervisorOrder;
const self = identify("self");
if (self === undefined) throw new Error("cannot identify the supervisor's own process");

// In a namespace of its own the process is number 1 there and another number in the /proc of the machine. Only then may it signal "all".
const alone = order.contained && process.pid === 1 && self.pid !== 1;
if (order.contained && !alone) throw new Error("the PID namespace that was asked for is not there");

let end: Breach | undefined;
let requestEnd: () => void = () => undefined;
const endRequested = new Promise<void>((resolve) => {
  requestEnd = resolve;
});
const endWith = (breach: Breach) => {
  end ??= breach;
  requestEnd();
};
process.on("SIGTERM", () => endWith({ reason: "terminated", detail: "stopped on request" }));
for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);

reserveExit(directory);
if (takeClaim(directory, { by: "supervisor", identity: self })) await supervise(self.pid);
process.exit(0);

async function supervise(ownPid: number): Promise<void> {
  const startedMs = Date.now();
  const killsBefore = kernelKills();
  const stdin = order.stdin === null ? "ignore" : openSync(order.stdin, "r");
  const output = openSync(join(directory, fileNames.output), "a", 0o600);
  const stderr = order.separateStderr ? openSync(join(directory, fileNames.stderr), "a", 0o600) : output;
  const outputs = order.separateStderr ? [output, stderr] : [output];
  const tree = new ProcessTree(ownPid, order.mark);

  const [program, ...args] = [...order.wrapper, ...order.argv] as [string, ...string[]];
  const child = spawn(program, args, {
    cwd: order.cwd,
    env: { ...order.environment, [markVariable]: order.mark },
    stdio: [stdin, output, stderr],
    detached: true,
  });
  if (stdin !== "ignore") closeSync(stdin);
  const ended = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
    child.once("error", (error) => {
      end ??= { reason: "spawn_failed", detail: error.message };
      resolve({ exitCode: null, signal: null });
    });
  });
  const command = child.pid === undefined ? undefined : identify(alone ? (childPid(ownPid) ?? 0) : child.pid);
  if (command !== undefined) writeWhole(directory, fileNames.pid, command);

  const watchdog = startWatchdog(order, outputs, () => tree.members(false), endWith);
  const first = await Promise.race([ended, endRequested]);
  watchdog.stop();
  const swept = await endTree(tree, child.pid);
  cleanUp(order);
  const { exitCode, signal } = first ?? (await ended);
  publishExit(directory, {
    ...explain(exitCode, signal, kernelKills() > killsBefore),
    exitCode,
    signal,
    startedMs,
    endedMs: Date.now(),
    outputBytes: outputSize(outputs),
    swept,
  });
}

/** A SIGKILL that did not come from here, while the kernel ran out of memory, is the kernel's. The number 137 alone proves nothing. */
function explain(exitCode: number | null, signal: string | null, kernelKilled: boolean): Pick<ExitReport, "reason" | "detail"> {
  if (end !== undefined) return end;
  if (kernelKilled && (signal === "SIGKILL" || exitCode === 137)) {
    return { reason: "out_of_memory", detail: "the kernel killed it because the machine or its group had no memory left" };
  }
  return { reason: "exited", detail: "" };
}

/** Asks every process of the attempt to end, then makes it. The command may have ended before: what it left behind goes the same way. */
async function endTree(tree: ProcessTree, group: number | undefined): Promise<number> {
  const members = () => tree.members(!alone);
  const signalAll = (signal: NodeJS.Signals) => {
    if (alone) signalTarget(-1, signal);
    else if (group !== undefined) signalTarget(-group, signal);
  };
  const left = members().length > 0;
  if (!left && alone) return 0; // nobody can hide in a namespace, and what is born now dies with it
  if (left) {
    signalAll("SIGTERM");
    if (!alone) signalEach(members(), "SIGTERM");
    const deadline = Date.now() + order.graceMs;
    while (Date.now() < deadline && members().length > 0) await delay(termPollMs);
  }
  return sweep(members, (rows) => {
    signalAll("SIGKILL");
    if (!alone) signalEach(rows, "SIGKILL");
  });
}

function signalTarget(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch {
    // Nobody is left there.
  }
}

/** The command's number in the machine's /proc, where `spawn` only knows the one inside the namespace. */
function childPid(ownPid: number): number | undefined {
  const children = readFileSync(`/proc/${readlinkSync("/proc/self")}/task/${ownPid}/children`, "latin1").trim();
  return children === "" ? undefined : Number(children.split(" ")[0]);
}
