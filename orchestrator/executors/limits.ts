/** The limits of a task in the units that a supervisor works in. */
import type { Task } from "../../plan/model.ts";
import type { SupervisorOrder } from "./attempt-files.ts";

/** What holds for tasks that say nothing themselves. */
export type LimitDefaults = { wallSeconds?: number; outputMb?: number; graceMs?: number };

const megabyte = 1024 * 1024;
const defaultWallSeconds = 4 * 3600;
const defaultOutputMb = 256;
const defaultGraceMs = 5_000;

/** A task's own limits win; wall time and output are always limited, CPU time and memory only where the task says so. */
export function processLimits(
  { limits }: Task,
  defaults: LimitDefaults = {},
): Pick<SupervisorOrder, "wallMs" | "cpuMs" | "memoryBytes" | "outputBytes" | "graceMs"> {
  return {
    wallMs: (limits?.wallSeconds ?? defaults.wallSeconds ?? defaultWallSeconds) * 1000,
    cpuMs: limits?.cpuSeconds === undefined ? null : limits.cpuSeconds * 1000,
    memoryBytes: limits?.memoryMb === undefined ? null : limits.memoryMb * megabyte,
    outputBytes: (limits?.outputMb ?? defaults.outputMb ?? defaultOutputMb) * megabyte,
    graceMs: defaults.graceMs ?? defaultGraceMs,
  };
}
