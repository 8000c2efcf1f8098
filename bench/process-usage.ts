/** Memory and processor time of processes, as the system accounts for them. Other processes can be asked about on Linux only. */
import { existsSync, readFileSync } from "node:fs";

/** Clock ticks of /proc/<pid>/stat; Linux reports 100 per second on every platform that Node runs on. */
const tickMs = 10;

/** Sum of the largest resident sizes. */
export function peakMemoryMb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + peakOf(pid), 0);
}

/** Sum of user and system time so far. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
}

function peakOf(pid: number): number {
  if (pid === process.pid) return process.resourceUsage().maxRSS / 1024;
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return Number.NaN;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(file, "utf8"))?.[1]) / 1024;
}

function cpuOf(pid: number): number {
  if (pid === process.pid) {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return Number.NaN;
  const fields = readFileSync(file, "utf8").split(") ").pop()?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tickMs; // utime and stime, counted behind the program's name
}
