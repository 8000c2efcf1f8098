/** What the processes of running attempts use: one look at `/proc` for all of them together. Empty on systems without it. */
import { readFileSync } from "node:fs";
import type { ProcessStat } from "../executors/process-identity.ts";
import { carriesMark, listProcesses } from "../executors/process-tree.ts";
import { ownMemory } from "../executors/watchdog.ts";

export type ProcessLoad = {
  memoryBytes: number;
  cpuTicks: number;
  /** Share of one processor since the look before; 0 at the first. */
  busyShare: number;
  /** The largest ones. Names only: arguments may hold secrets. */
  processes: { pid: number; name: string; state: string; memoryBytes: number }[];
};

/** A supervisor, whose descendants are the attempt, and the mark that they carry. */
export type Root = { pid: number; mark: string };

const mostShown = 20;

/** @returns per root what its descendants use, in order */
export function loadsOf(roots: readonly Root[]): Omit<ProcessLoad, "busyShare">[] {
  if (roots.length === 0) return [];
  const rows = process.platform === "linux" ? listProcesses() : [];
  const children = Map.groupBy(rows, (row) => row.ppid);
  // Whoever left its parents belongs to init; only those are asked for the mark, which costs a read each.
  const strays = (children.get(1) ?? []).filter((row) => !roots.some(({ pid }) => pid === row.pid));
  return roots.map(({ pid, mark }) => {
    const members = new Map<number, ProcessStat>();
    const queue = [...(children.get(pid) ?? []), ...strays.filter((row) => carriesMark(row.pid, mark))];
    for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
      if (members.has(row.pid)) continue;
      members.set(row.pid, row);
      queue.push(...(children.get(row.pid) ?? []));
    }
    const processes = [...members.values()]
      .map((row) => ({ pid: row.pid, name: nameOf(row.pid), state: row.state, memoryBytes: ownMemory(row.pid) }))
      .toSorted((a, b) => b.memoryBytes - a.memoryBytes);
    return {
      memoryBytes: processes.reduce((sum, row) => sum + row.memoryBytes, 0),
      cpuTicks: [...members.values()].reduce((sum, row) => sum + row.cpuTicks, 0),
      processes: processes.slice(0, mostShown),
    };
  });
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "?";
  }
}
