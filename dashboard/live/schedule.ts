/**
 * When each task ran, runs or is likely to run, and which chain decides when all is done. Pure.
 *
 * What has not begun gets the usual duration of its kind here and starts when its last dependency ends: a forecast that knows nothing of
 * limits on concurrency, so the end it gives is the earliest one.
 */
import type { TaskDetail } from "../../orchestrator/api/contract.ts";
import { isOver, isRunning } from "../statuses.ts";

export type Span = { id: string; startMs: number; endMs: number; forecast: boolean };
export type Schedule = {
  /** By start. */
  spans: Span[];
  critical: ReadonlySet<string>;
  startMs: number;
  endMs: number;
};

type Timed = Pick<TaskDetail, "id" | "kind" | "status" | "dependencies" | "startedAt" | "finishedAt" | "durationSeconds">;

const unknownMs = 1000;

export function scheduleOf(tasks: readonly Timed[], nowMs: number): Schedule {
  const usual = usualDurations(tasks);
  const spans = new Map<string, Span>();
  const cause = new Map<string, string>();
  for (const task of topological(tasks)) {
    let readyMs = Number.NEGATIVE_INFINITY;
    for (const dependency of task.dependencies) {
      const before = spans.get(dependency);
      if (before !== undefined && before.endMs > readyMs) {
        readyMs = before.endMs;
        cause.set(task.id, dependency);
      }
    }
    const span = spanOf(task, readyMs, usual.get(task.kind) ?? usual.get("") ?? unknownMs, nowMs);
    if (span !== undefined) spans.set(task.id, span);
  }
  const list = [...spans.values()].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  let last: Span | undefined;
  for (const span of list) if (last === undefined || span.endMs > last.endMs) last = span;
  const critical = new Set<string>();
  for (let id = last?.id; id !== undefined; id = cause.get(id)) critical.add(id);
  return { spans: list, critical, startMs: list[0]?.startMs ?? nowMs, endMs: last?.endMs ?? nowMs };
}

function spanOf(task: Timed, readyMs: number, usualMs: number, nowMs: number): Span | undefined {
  const startedMs = task.startedAt === null ? undefined : Date.parse(task.startedAt);
  if (isOver(task.status)) {
    // What was skipped took no time.
    if (task.finishedAt === null || startedMs === undefined) return undefined;
    return { id: task.id, startMs: startedMs, endMs: Date.parse(task.finishedAt), forecast: false };
  }
  if (isRunning(task.status) && startedMs !== undefined) {
    return { id: task.id, startMs: startedMs, endMs: nowMs, forecast: false };
  }
  const startMs = Math.max(readyMs, nowMs);
  return { id: task.id, startMs, endMs: startMs + usualMs, forecast: true };
}

/** Medians in ms by kind, and under "" of all. */
function usualDurations(tasks: readonly Timed[]): Map<string, number> {
  const byKind = new Map<string, number[]>([["", []]]);
  for (const { kind, status, durationSeconds } of tasks) {
    if (status !== "completed" || durationSeconds === null) continue;
    byKind.get("")?.push(durationSeconds * 1000);
    const list = byKind.get(kind);
    if (list === undefined) byKind.set(kind, [durationSeconds * 1000]);
    else list.push(durationSeconds * 1000);
  }
  const medians = new Map<string, number>();
  for (const [kind, list] of byKind) {
    const sorted = list.sort((a, b) => a - b);
    const middle = sorted[Math.floor(sorted.length / 2)];
    if (middle !== undefined) medians.set(kind, middle);
  }
  return medians;
}

/** Each task after what it depends on; tasks of a cycle, which no plan has, come last. */
export function topological<Task extends { id: string; dependencies: readonly string[] }>(tasks: readonly Task[]): Task[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const open = new Map<string, number>();
  const dependents = new Map<string, string[]>();
  for (const task of tasks) {
    const known = task.dependencies.filter((id) => byId.has(id));
    open.set(task.id, known.length);
    for (const id of known) {
      const list = dependents.get(id);
      if (list === undefined) dependents.set(id, [task.id]);
      else list.push(task.id);
    }
  }
  const order = tasks.filter((task) => open.get(task.id) === 0);
  for (let at = 0; at < order.length; at += 1) {
    for (const id of dependents.get((order[at] as Task).id) ?? []) {
      const left = (open.get(id) ?? 0) - 1;
      open.set(id, left);
      if (left === 0) order.push(byId.get(id) as Task);
    }
  }
  if (order.length < tasks.length) order.push(...tasks.filter((task) => (open.get(task.id) ?? 0) > 0));
  return order;
}
