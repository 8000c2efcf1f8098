/** What of a running task is out of bounds. Pure: what was measured in, one verdict per metric out. */
import type { ProcessLoad } from "./process-load.ts";
import type { Thresholds } from "./thresholds.ts";

export type Measured = {
  runningMs: number;
  estimateMs: number | undefined;
  limitMs: number | undefined;
  /** Since its last byte of output; undefined for tasks that have no process. */
  silentMs: number | undefined;
  load: ProcessLoad | undefined;
  memoryLimitBytes: number;
};

export type Metric = "duration" | "timeout" | "memory" | "output";
/** `message` says what is wrong, or that it no longer is. `undefined` instead of a verdict: there is nothing to measure. */
export type Verdict = { metric: Metric; raised: boolean; message: string };

/** An alert is over when the value is a tenth better than what raised it: a value that trembles at the bound is one alert. */
const hysteresis = 0.9;

/** @param standing metrics whose alert is up */
export function judge(measured: Measured, thresholds: Thresholds, standing: ReadonlySet<Metric>): Verdict[] {
  const { runningMs, estimateMs, limitMs, silentMs, load, memoryLimitBytes } = measured;
  const verdicts: Verdict[] = [];
  if (estimateMs !== undefined) {
    const raised = runningMs > estimateMs * thresholds.estimateFactor;
    verdicts.push({ metric: "duration", raised, message: `runs for ${span(runningMs)}, estimated were ${span(estimateMs)}` });
  }
  if (limitMs !== undefined) {
    const raised = runningMs > limitMs * thresholds.limitShare;
    const message = `has used ${percent(runningMs / limitMs)} of its ${span(limitMs)}, and is ended when they are over`;
    verdicts.push({ metric: "timeout", raised, message });
  }
  if (load !== undefined) {
    const used = load.memoryBytes / memoryLimitBytes;
    const raised = used > thresholds.memoryShare * (standing.has("memory") ? hysteresis : 1);
    const message = `holds ${megabytes(load.memoryBytes)} of memory, ${percent(used)} of what it may (${megabytes(memoryLimitBytes)})`;
    verdicts.push({ metric: "memory", raised, message });
  }
  if (silentMs !== undefined && load !== undefined) {
    const raised = silentMs > thresholds.silentMs;
    const message = raised ? `no output for ${span(silentMs)}; ${hangText(load)}` : "there is output again";
    verdicts.push({ metric: "output", raised, message });
  }
  return verdicts;
}

/** What the processes of a silent task do, in words. */
function hangText(load: ProcessLoad): string {
  const states = new Set(load.processes.map(({ state }) => state));
  if (load.processes.length === 0) return "none of its processes is left";
  if (load.busyShare > 0.01) return `it computes (${percent(load.busyShare)} of a processor)`;
  if (states.has("D")) return "a process waits for a disk";
  if (states.has("T")) return "a process was stopped by a signal";
  return "it uses no processor: it waits for something, or hangs";
}

const percent = (value: number) => `${Math.round(value * 100)} %`;
const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`;

function span(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 360) / 10} h`;
}
