/**
 * Who a process is, beyond its number: numbers are reused, and after a reboot all of them mean something else. A pid together with its
 * start time and the boot it belongs to names one process for ever. Imported by the supervisor, so only node built-ins here.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export type ProcessIdentity = { pid: number; starttime: string; bootId: string };

const linux = process.platform === "linux";
let knownBootId: string | undefined;

/** Identifies this boot of the machine. */
function currentBootId(): string {
  knownBootId ??= linux
    ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
    : execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).trim();
  return knownBootId;
}

/** The fields of `/proc/PID/stat` that matter here. */
export type ProcessStat = {
  pid: number;
  state: string;
  ppid: number;
  group: number;
  session: number;
  cpuTicks: number;
  starttime: string;
};

/** Reads `/proc/PID/stat`; undefined when there is no such process (any more). Numbers are those of the `/proc` that is mounted. */
export function readStat(pid: number | "self"): ProcessStat | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => fields[number - 3] ?? "";
  return {
    pid: Number.parseInt(line, 10),
    state: field(3),
    ppid: Number(field(4)),
    group: Number(field(5)),
    session: Number(field(6)),
    cpuTicks: Number(field(14)) + Number(field(15)) + Number(field(16)) + Number(field(17)),
    starttime: field(22),
  };
}

/** Names a living process; undefined when it is gone or only waits to be reaped. */
export function identify(pid: number | "self"): ProcessIdentity | undefined {
  if (linux) {
    const stat = readStat(pid);
    if (stat === undefined || stat.state === "Z" || stat.state === "X") return undefined;
    return { pid: stat.pid, starttime: stat.starttime, bootId: currentBootId() };
  }
  const number = pid === "self" ? process.pid : pid;
  try {
    const row = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(number)], { encoding: "utf8" }).trim();
    const [state = "Z", ...started] = row.split(/\s+/);
    return state.startsWith("Z") ? undefined : { pid: number, starttime: started.join(" "), bootId: currentBootId() };
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== currentBootId()) return false;
  return identify(identity.pid)?.starttime === identity.starttime;
}

/** Signals exactly this process; false when it no longer exists. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}
