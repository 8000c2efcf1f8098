/** What states are called and which colour they have: one list for pills, bars, graph and timeline. Pure. */
import type { ExecutionStatus, TaskDetail } from "../orchestrator/api/contract.ts";

export type TaskStatus = TaskDetail["status"];
/** A colour of the design; `var(--tone-NAME)`. Orange is kept for what waits. */
export type Tone = "done" | "active" | "waiting" | "failed" | "idle" | "retry";

const taskTones: Record<TaskStatus, Tone> = {
  pending: "idle",
  queued: "idle",
  in_progress: "active",
  verifying: "active",
  awaiting_approval: "waiting",
  awaiting_human: "waiting",
  blocked: "waiting",
  retrying: "retry",
  completed: "done",
  failed: "failed",
  skipped: "idle",
  cancelled: "idle",
};

const executionTones: Record<ExecutionStatus, Tone> = {
  created: "idle",
  queued: "idle",
  running: "active",
  paused: "waiting",
  blocked: "waiting",
  completed: "done",
  failed: "failed",
  cancelled: "idle",
};

const words: Partial<Record<TaskStatus | ExecutionStatus, string>> = {
  in_progress: "running",
  awaiting_approval: "needs approval",
  awaiting_human: "needs a person",
};

export const toneOfTask = (status: TaskStatus): Tone => taskTones[status];
export const toneOfExecution = (status: ExecutionStatus): Tone => executionTones[status];
export const statusWord = (status: TaskStatus | ExecutionStatus): string => words[status] ?? status;

export const isActive = (status: ExecutionStatus): boolean => !["completed", "failed", "cancelled"].includes(status);
export const isRunning = (status: TaskStatus): boolean => status === "in_progress" || status === "verifying";
export const isOver = (status: TaskStatus): boolean => ["completed", "failed", "skipped", "cancelled"].includes(status);
export const isWaiting = (status: TaskStatus): boolean => toneOfTask(status) === "waiting";

/** The order of the parts of a progress bar. */
export const toneOrder: Tone[] = ["done", "failed", "active", "retry", "waiting", "idle"];
