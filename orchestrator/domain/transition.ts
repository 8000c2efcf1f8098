/**
 * The transition table: what each command, and each report of the engine, does to a task and to an execution in each state. SQL enforces
 * it where the state lives (`sql/0002_engine.sql`, `sql/0003_commands.sql`); a test runs every cell against the database and compares.
 *
 * `pending` is what a command leaves behind; the same transaction then derives what follows from it: a pending task without unfinished
 * dependencies goes on to its ready state (queued, or waiting for a person), one behind a failure is skipped, and the execution ends,
 * blocks or goes on accordingly.
 */
import type { ExecutionStatus } from "./execution.ts";
import type { TaskStatus } from "./task.ts";

/** `same`: allowed, and nothing changes. `refused`: a conflict that names the state. */
export type Effect<State> = State | "same" | "refused";

export type ExecutionCommand = "pause" | "resume" | "cancel" | "rollback";
/** `rerun` is retry from a step; `done`, `failed` and `skipped` are a person's answers to a task that waits. */
export type TaskCommand = "retry" | "rerun" | "skip" | "answer_done" | "answer_failed" | "answer_skipped";
/** What the engine itself does with a task. */
export type TaskReport =
  | "claim"
  | "start_verifying"
  | "succeeded"
  | "failed"
  | "retry_left"
  | "release"
  | "hold_human"
  | "hold_approval"
  | "hold_external"
  | "promote";

const open = { created: "same", queued: "same", running: "same", paused: "same", blocked: "same" } as const;

/** `running` after resume stands for what the tasks say: queued before the first start, blocked when all that is left waits. */
export const executionTransitions: Record<ExecutionCommand, Record<ExecutionStatus, Effect<ExecutionStatus>>> = {
  pause: {
    created: "paused",
    queued: "paused",
    running: "paused",
    blocked: "paused",
    paused: "same",
    completed: "refused",
    failed: "refused",
    cancelled: "refused",
  },
  resume: { ...open, created: "refused", paused: "running", completed: "refused", failed: "refused", cancelled: "refused" },
  cancel: {
    created: "cancelled",
    queued: "cancelled",
    running: "cancelled",
    paused: "cancelled",
    blocked: "cancelled",
    cancelled: "same",
    completed: "refused",
    failed: "refused",
  },
  /** Refused while a task runs. Going back leaves time to look around before anything runs again. */
  rollback: {
    created: "paused",
    queued: "paused",
    running: "paused",
    paused: "paused",
    blocked: "paused",
    completed: "paused",
    failed: "paused",
    cancelled: "paused",
  },
};

function everywhere(
  effect: Effect<TaskStatus>,
  except: Partial<Record<TaskStatus, Effect<TaskStatus>>> = {},
): Record<TaskStatus, Effect<TaskStatus>> {
  return {
    pending: effect,
    queued: effect,
    in_progress: effect,
    verifying: effect,
    awaiting_approval: effect,
    awaiting_human: effect,
    blocked: effect,
    retrying: effect,
    completed: effect,
    failed: effect,
    skipped: effect,
    cancelled: effect,
    ...except,
  };
}

const running = (to: TaskStatus) => everywhere("refused", { in_progress: to, verifying: to });
/** `blocked` only where the task is held for an outside condition; a task behind deferred work is blocked, too, and has no question open. */
const waiting = (to: TaskStatus, repeated: TaskStatus) =>
  everywhere("refused", { awaiting_human: to, awaiting_approval: to, blocked: to, [repeated]: "same" });

/** In an execution that is running. Skipping in one that is completed or cancelled is refused whatever the task's state. */
export const taskTransitions: Record<TaskCommand | TaskReport, Record<TaskStatus, Effect<TaskStatus>>> = {
  retry: everywhere("refused", { failed: "pending", cancelled: "pending", skipped: "pending", retrying: "pending" }),
  rerun: everywhere("pending", { pending: "refused" }),
  skip: everywhere("skipped", { completed: "refused", skipped: "same" }),
  answer_done: waiting("completed", "completed"),
  answer_failed: waiting("failed", "failed"),
  answer_skipped: waiting("skipped", "skipped"),
  claim: everywhere("refused", { queued: "in_progress" }),
  start_verifying: everywhere("refused", { in_progress: "verifying", verifying: "verifying" }),
  succeeded: running("completed"),
  failed: running("failed"),
  retry_left: running("retrying"),
  release: running("queued"),
  hold_human: running("awaiting_human"),
  hold_approval: running("awaiting_approval"),
  hold_external: running("blocked"),
  promote: everywhere("refused", { retrying: "queued" }),
};
