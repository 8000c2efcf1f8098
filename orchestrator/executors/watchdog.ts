/**
 * The limits that a supervisor enforces by looking: wall time, CPU time, memory and output of the whole tree.
 *
 * Looking is late by nature. Output is looked at the sooner the faster it grows, so that even a program that only writes overshoots little;
 * memory is looked at every 100 ms where it is limited. Imported by the supervisor, so only node built-ins here.
 */
import { fstatSync, readFileSync } from "node:fs";
import type { EndReason, SupervisorOrder } from "./attempt-files.ts";
import type { ProcessStat } from "./process-identity.ts";

export type Breach = { reason: EndReason; detail: string };

const firstLookMs = 10;
const idleLookMs = 250;
const treeLookMs = 100;
const ticksPerSecond = 100;

const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`;
const seconds = (milliseconds: number) => `${Math.round(milliseconds / 100) / 10} s`;

/**
 * Watches until `stop()`; calls `onBreach` once, for the first limit that was passed.
 * @param outputs descriptors of the files that the command writes to
 */
export function startWatchdog(
  order: SupervisorOrder,
  outputs: number[],
  members: () => ProcessStat[],
  onBreach: (breach: Breach) => void,
): { stop(): void } {
  const startedMs = performance.now();
  const watchesTree = order.memoryBytes !== null || order.cpuMs !== null;
  let lastBytes = 0;
  let lastLookMs = startedMs;
  let nextTreeLookMs = 0;
  let pauseMs = firstLookMs;
  let timer: NodeJS.Timeout;

  const look = () => {
    const nowMs = performance.now();
    const bytes = outputSize(outputs);
    const breach =
      overTime(order, nowMs - startedMs) ?? overOutput(order, bytes) ?? (nowMs >= nextTreeLookMs ? lookAtTree(nowMs) : undefined);
    if (breach !== undefined) return onBreach(breach);
    const grownPerMs = (bytes - lastBytes) / Math.max(1, nowMs - lastLookMs);
    const untilFullMs = grownPerMs > 0 ? (order.outputBytes - bytes) / grownPerMs : idleLookMs;
    const wallLeftMs = order.wallMs === null ? idleLookMs : order.wallMs - (nowMs - startedMs);
    pauseMs = Math.max(1, Math.min(untilFullMs, wallLeftMs, pauseMs * 2, watchesTree ? treeLookMs : idleLookMs));
    lastBytes = bytes;
    lastLookMs = nowMs;
    timer = setTimeout(look, pauseMs);
  };
  const lookAtTree = (nowMs: number) => {
    if (!watchesTree) return undefined;
    nextTreeLookMs = nowMs + treeLookMs;
    return overTree(order, members());
  };
  timer = setTimeout(look, pauseMs);
  return { stop: () => clearTimeout(timer) };
}

/** Bytes written to all the files together. */
export function outputSize(outputs: number[]): number {
  return outputs.reduce((sum, file) => sum + fstatSync(file).size, 0);
}

function overTime(order: SupervisorOrder, elapsedMs: number): Breach | undefined {
  if (order.wallMs === null || elapsedMs < order.wallMs) return undefined;
  return { reason: "wall_limit", detail: `ran for ${seconds(elapsedMs)}, allowed were ${seconds(order.wallMs)}` };
}

function overOutput(order: SupervisorOrder, bytes: number): Breach | undefined {
  if (bytes <= order.outputBytes) return undefined;
  return { reason: "output_limit", detail: `wrote ${megabytes(bytes)}, allowed were ${megabytes(order.outputBytes)}` };
}

function overTree(order: SupervisorOrder, rows: ProcessStat[]): Breach | undefined {
  const cpuMs = (rows.reduce((sum, row) => sum + row.cpuTicks, 0) * 1000) / ticksPerSecond;
  if (order.cpuMs !== null && cpuMs > order.cpuMs) {
    return { reason: "cpu_limit", detail: `used ${seconds(cpuMs)} of CPU, allowed were ${seconds(order.cpuMs)}` };
  }
  if (order.memoryBytes === null) return undefined;
  const bytes = rows.reduce((sum, row) => sum + ownMemory(row.pid), 0);
  if (bytes <= order.memoryBytes) return undefined;
  return { reason: "memory_limit", detail: `held ${megabytes(bytes)} of memory, allowed were ${megabytes(order.memoryBytes)}` };
}

/** Memory that is the process's own: mapped files are the page cache's and would be counted once for every process. */
export function ownMemory(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return 1024 * Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** How many processes the kernel has killed for want of memory since boot: the evidence that a SIGKILL came from there. */
export function kernelKills(): number {
  try {
    return Number(/^oom_kill (\d+)/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
