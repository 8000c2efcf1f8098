/** A task of a plan as the engine takes it. Pure. */
import { approvalPoint } from "../plan/approval-points.ts";
import { compactTask } from "../plan/compact.ts";
import { isEffectivelyDone } from "../plan/graph.ts";
import { doerOf } from "../plan/last-click.ts";
import { type Plan, RetryPolicy, type Task } from "../plan/model.ts";
import type { NewTask } from "./store/engine.ts";

export const priorities = { low: -1, normal: 0, high: 1 } as const;

const usualAttempts = 3;

type Retry = { maxAttempts?: number | undefined; backoffMultiplier?: number | undefined };
export type TaskPlace = {
  plan: Plan;
  task: Task;
  leaf: boolean;
  parent: number | null;
  /** Kinds that this orchestrator has an executor for; others wait for a person. */
  kinds: ReadonlySet<string>;
  /** For tasks that say nothing themselves. */
  retry: Retry | undefined;
};

export function newTaskOf({ plan, task, leaf, parent, kinds, retry }: TaskPlace): NewTask {
  return {
    taskId: task.id,
    leaf,
    parent,
    kind: task.kind,
    priority: priorities[task.priority],
    readyStatus:
      task.classifiedBy === approvalPoint
        ? "awaiting_approval"
        : doerOf(task) === "person" || !kinds.has(task.kind)
          ? "awaiting_human"
          : "queued",
    maxAttempts: task.retry?.maxAttempts ?? retry?.maxAttempts ?? usualAttempts,
    skipCause: skipCause(plan, task),
    spec: compactTask(retry === undefined ? task : { ...task, retry: RetryPolicy.partial().parse({ ...retry, ...task.retry }) }),
  };
}

/** Why the plan itself does not want a task run; null when it does. */
export function skipCause(plan: Plan, task: Task): "already_done" | "deferred" | "optional" | null {
  if (isEffectivelyDone(plan, task) || task.status === "skipped" || task.status === "superseded") return "already_done";
  if (task.status === "deferred" || task.status === "cancelled") return "deferred";
  return task.optional ? "optional" : null;
}
