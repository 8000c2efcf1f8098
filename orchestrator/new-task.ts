/** A task of a plan as the engine takes it. Pure. */
import { approvalPoint } from "../plan/approval-points.ts";
import { compactTask } from "../plan/compact.ts";
import { isEffectivelyDone } from "../plan/graph.ts";
import { doerOf } from "../plan/last-click.ts";
import { type Plan, RetryPolicy, type Task } from "../plan/model.ts";
import type { NewTask } from "./store/engine.ts";

export const priorities = { low: -1, normal: 0, high: 1 } as const;

const usualAttempts = 3;

/** Kinds that this orchestrator has an executor for; others wait for a person, who is told why. */
export type Kinds = { has(kind: string): boolean; whyNot?(kind: string): string | undefined };

type Retry = { maxAttempts?: number | undefined; backoffMultiplier?: number | undefined };
export type TaskPlace = {
  plan: Plan;
  task: Task;
  leaf: boolean;
  parent: number | null;
  kinds: Kinds;
  /** For tasks that say nothing themselves. */
  retry: Retry | undefined;
};

export function newTaskOf({ plan, task: given, leaf, parent, kinds, retry }: TaskPlace): NewTask {
  const lacking = given.kind !== "human" && !kinds.has(given.kind) ? lackOf(given.kind, kinds) : undefined;
  const task = lacking === undefined || given.requiresHuman !== undefined ? given : { ...given, requiresHuman: lacking };
  return {
    taskId: task.id,
    leaf,
    parent,
    kind: task.kind,
    priority: priorities[task.priority],
    readyStatus:
      task.classifiedBy === approvalPoint
        ? "awaiting_approval"
        : doerOf(task) === "person" || lacking !== undefined
          ? "awaiting_human"
          : "queued",
    maxAttempts: task.retry?.maxAttempts ?? retry?.maxAttempts ?? usualAttempts,
    skipCause: skipCause(plan, task),
    spec: compactTask(retry === undefined ? task : { ...task, retry: RetryPolicy.partial().parse({ ...retry, ...task.retry }) }),
  };
}

/** Why tasks of a kind wait for a person here. */
export function lackOf(kind: string, kinds: Kinds): string {
  const why = kinds.whyNot?.(kind);
  return `This orchestrator cannot run tasks of kind '${kind}'${why === undefined ? "" : ` (${why})`}.`;
}

/** Why the plan itself does not want a task run; null when it does. */
export function skipCause(plan: Plan, task: Task): "already_done" | "deferred" | "optional" | null {
  if (isEffectivelyDone(plan, task) || task.status === "skipped" || task.status === "superseded") return "already_done";
  if (task.status === "deferred" || task.status === "cancelled") return "deferred";
  return task.optional ? "optional" : null;
}
