/**
 * Finding and ending every process of an attempt, also those that left its process group, its session and their parents.
 *
 * A process belongs to the attempt when it descends from a known member, shares a member's group or session, or carries the attempt's mark
 * in its environment. Without a PID namespace this is the best that can be done: what forks, changes its session and clears its
 * environment between two looks gets away. Imported by the supervisor, so only node built-ins here.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { type ProcessStat, readStat } from "./process-identity.ts";

/** Name of the environment variable whose value marks every process of one attempt. */
export const markVariable = "LONGHAUL_ATTEMPT";

const cleanPasses = 2;
const passPauseMs = 5;
const sweepLimitMs = 10_000;
const cleanupMs = 20_000;

/** All processes of this machine, without those that only wait to be reaped. */
export function listProcesses(): ProcessStat[] {
  if (process.platform !== "linux") return listWithPs();
  const found: ProcessStat[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (stat !== undefined && stat.state !== "Z" && stat.state !== "X") found.push(stat);
  }
  return found;
}

function listWithPs(): ProcessStat[] {
  const rows = execFileSync("ps", ["-axo", "pid=,stat=,ppid=,pgid=,lstart="], { encoding: "utf8" }).split("\n");
  return rows.flatMap((row) => {
    const [pid, state = "Z", ppid, group, ...started] = row.trim().split(/\s+/);
    if (!pid || state.startsWith("Z")) return [];
    const numbers = { pid: Number(pid), ppid: Number(ppid), group: Number(group), session: 0, cpuTicks: 0 };
    return [{ ...numbers, state, starttime: started.join(" ") }];
  });
}

/** Whether the process was started with the mark. Readable for processes of the same user only. */
export function carriesMark(pid: number, mark: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`.includes(`\0${markVariable}=${mark}\0`);
  } catch {
    return false;
  }
}

/** Remembers who belonged to the attempt, so that a member whose parents ended is still one. */
export class ProcessTree {
  readonly #root: number;
  readonly #mark: string;
  #known = new Map<number, string>();
  #groups = new Set<number>();

  /** @param root number of the process whose descendants belong here; it is itself no member */
  constructor(root: number, mark: string) {
    this.#root = root;
    this.#mark = mark;
  }

  /** Living members. `thorough` also reads the environment of every process of the machine. */
  members(thorough: boolean): ProcessStat[] {
    const all = listProcesses().filter((row) => row.pid !== this.#root && row.pid !== process.pid);
    const members = new Map<number, ProcessStat>();
    const groups = new Set<number>();
    // A group or session counts once a member led it, and only while a member is in it: numbers of empty groups are given away again.
    const add = (row: ProcessStat) => {
      members.set(row.pid, row);
      for (const id of [row.group, row.session]) if (id === row.pid || this.#groups.has(id)) groups.add(id);
    };
    for (const row of all) {
      if (this.#known.get(row.pid) === row.starttime || (thorough && carriesMark(row.pid, this.#mark))) add(row);
    }
    for (let before = -1; before !== members.size; ) {
      before = members.size;
      for (const row of all) {
        if (members.has(row.pid)) continue;
        if (row.ppid === this.#root || members.has(row.ppid) || groups.has(row.group) || groups.has(row.session)) add(row);
      }
    }
    this.#known = new Map([...members.values()].map((row) => [row.pid, row.starttime]));
    this.#groups = groups;
    return [...members.values()];
  }
}

/** Kills with `kill` until `members` stayed empty for two looks. Returns how many processes were found on the way. */
export async function sweep(members: () => ProcessStat[], kill: (rows: ProcessStat[]) => void): Promise<number> {
  const seen = new Set<number>();
  const deadline = Date.now() + sweepLimitMs;
  for (let clean = 0; clean < cleanPasses && Date.now() < deadline; ) {
    const rows = members();
    if (rows.length === 0) clean += 1;
    else {
      clean = 0;
      for (const row of rows) seen.add(row.pid);
      kill(rows);
    }
    if (clean < cleanPasses) await delay(passPauseMs);
  }
  return seen.size;
}

/** Signals each process by its number. */
export function signalEach(rows: ProcessStat[], signal: NodeJS.Signals): void {
  for (const row of rows) {
    try {
      process.kill(row.pid, signal);
    } catch {
      // Already gone.
    }
  }
}

/** Removes what an attempt may have left outside its processes, e.g. its container. */
export function cleanUp({
  cleanup: [program, ...args],
  environment,
}: {
  cleanup: string[];
  environment?: Record<string, string>;
}): void {
  if (program === undefined) return;
  spawnSync(program, args, { stdio: "ignore", timeout: cleanupMs, ...(environment === undefined ? {} : { env: environment }) });
}

/** Kills everything that carries the mark, for an attempt whose supervisor is dead. */
export async function sweepMarked(mark: string): Promise<number> {
  if (process.platform !== "linux") return 0;
  const marked = () => listProcesses().filter((row) => row.pid !== process.pid && carriesMark(row.pid, mark));
  return sweep(marked, (rows) => signalEach(rows, "SIGKILL"));
}
