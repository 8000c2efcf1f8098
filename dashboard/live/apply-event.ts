/**
 * What an event means for the picture of an execution. Pure: the same events give the same picture, whether they came live, after a dropped
 * connection, or twice.
 */
import type { Event, ExecutionStatus } from "../../orchestrator/api/contract.ts";
import { isOver, type TaskStatus } from "../statuses.ts";

/** The parts of a task that events change. */
export type MovingTask = {
  status: TaskStatus;
  attempt: number;
  startedAt: string | null;
  finishedAt: string | null;
  durationSeconds: number | null;
  message: string | null;
};

const statusAfter: Partial<Record<Event["type"], TaskStatus>> = {
  "task.queued": "queued",
  "task.released": "queued",
  "task.started": "in_progress",
  "task.adopted": "in_progress",
  "task.verifying": "verifying",
  "task.completed": "completed",
  "task.failed": "failed",
  "task.retrying": "retrying",
  "task.awaiting_human": "awaiting_human",
  "task.awaiting_approval": "awaiting_approval",
  "task.blocked": "blocked",
  "task.skipped": "skipped",
  "task.cancelled": "cancelled",
};

/** The task after the event; the same object when it changes nothing. */
export function taskAfter<Task extends MovingTask>(task: Task, event: Event): Task {
  const status = statusAfter[event.type];
  if (status === undefined) return task;
  const { data, at } = event;
  const next: Task = { ...task, status };
  if (event.attempt !== null) next.attempt = event.attempt;
  if (event.type === "task.started") {
    next.startedAt = at;
    next.finishedAt = null;
    next.durationSeconds = null;
    next.message = null;
  }
  if (typeof data["message"] === "string") next.message = data["message"];
  else if (status === "queued") next.message = null;
  if (isOver(status)) {
    next.finishedAt = at;
    const took = typeof data["durationMs"] === "number" ? data["durationMs"] / 1000 : undefined;
    next.durationSeconds = took ?? (task.startedAt === null ? null : (Date.parse(at) - Date.parse(task.startedAt)) / 1000);
  }
  return next;
}

const executionAfter: Partial<Record<Event["type"], ExecutionStatus>> = {
  "execution.created": "queued",
  "execution.started": "running",
  "execution.paused": "paused",
  "execution.halted": "paused",
  "execution.resumed": "running",
  "execution.blocked": "blocked",
  "execution.completed": "completed",
  "execution.failed": "failed",
  "execution.cancelled": "cancelled",
};

export const executionStatusAfter = (event: Event): ExecutionStatus | undefined => executionAfter[event.type];

/** After these the tasks are others, or in states that the event does not tell: everything is read anew. */
export const changesEverything = (event: Event): boolean =>
  ["execution.retried", "execution.edited", "execution.rolled_back"].includes(event.type);
