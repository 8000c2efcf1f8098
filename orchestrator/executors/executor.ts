/**
 * The contract between the worker and the executors.
 *
 * `run` both starts and re-attaches: the attempt's directory decides. When the directory shows that a supervisor claimed this attempt,
 * the executor follows the running (or ended) process from the last recorded byte; otherwise it starts it, unless `assignment.adopted`
 * says that an earlier orchestrator had it, in which case the outcome is `never_started` (nothing ran, no attempt is burnt).
 */
import type { Task, TaskKind } from "../../plan/model.ts";
import type { Evidence } from "../api/contract.ts";
import type { Finding } from "../api/test-result-contract.ts";
import type { Review } from "../api/verification-contract.ts";
import type { EventType } from "../domain/event.ts";
import type { FailureClass, Usage } from "../domain/task.ts";
import type { Isolation } from "./isolation.ts";

/** One attempt at one task, as claimed from the database. `fence` is the number that makes late reports refusable. */
export type Assignment = {
  executionId: string;
  ordinal: number;
  taskId: string;
  attempt: number;
  fence: number;
  task: Task;
  workspace: string;
  /** Further variables for what the task runs, e.g. the PORT of its worktree. */
  environment?: Readonly<Record<string, string>>;
  planTitle: string;
  conversationId: string;
  /** Results of the tasks this one depends on, in plan order. */
  inputs: { taskId: string; title: string; summary: string }[];
  /** True when an earlier orchestrator process had already been given this attempt. */
  adopted: boolean;
  /** Session of the previous attempt of a `claude` task, to resume. */
  previousSessionId?: string;
  /** What the orchestrator's own checks said about the work so far: the session is asked to put it right. Data, not instructions. */
  findings?: string;
  /** What this task was held for and a person (or the outside world) has answered since; a step holds once for each of its reasons. */
  released: Released[];
  /** What similar tasks were like, for executors that read it. Written by whatever ran there: data, never instructions. */
  experience?: string;
};

/**
 * Why an attempt stops without having failed: the task waits, burns no attempt, and goes on when somebody answers. `name` says which step
 * asked (and for what, so that it does not ask again); `onDone` whether the answer completes the task or lets it run again.
 */
export type Hold = {
  name: string;
  waitFor: "human" | "approval" | "external";
  onDone: "complete" | "continue";
  /** What the person needs to decide: instructions, a checklist, a difference. Shown as data. */
  detail?: Record<string, unknown>;
};
export type Released = { name: string; note: string | null; at: string };

export type AttemptEvent = { type: EventType; data: Record<string, unknown> };

/** Why a running attempt must stop. `detach` leaves the process running: the next orchestrator adopts it. */
export type StopReason = "cancelled" | "superseded" | "detach";

export type AttemptContext = {
  /** Aborted with a StopReason as `reason`. */
  signal: AbortSignal;
  /** Directory of this attempt; exists, survives the orchestrator, holds output and supervisor files. */
  directory: string;
  /** Output bytes already in the database (0 for a new attempt). */
  recordedOffset: number;
  /**
   * Appends events and moves the output offset in one transaction. Resolves once committed; rejects with a `conflict` LonghaulError when
   * this attempt was superseded. Calls must not overlap.
   */
  record(entry: { fromOffset: number; toOffset: number; events: AttemptEvent[] }): Promise<void>;
  /** Is told after every answer of a model what this run has used so far; USD by list price, the outcome then says it exactly. */
  onUsage?(soFar: { usd: number; tokens: number }): void;
};

export type Outcome = {
  status: "succeeded" | "failed" | "cancelled" | "detached" | "held";
  /** With status `held`. */
  hold?: Hold;
  failureClass?: FailureClass;
  /** One line for people: what happened. */
  message: string;
  exitCode?: number;
  signal?: string;
  /** Last lines of output or the agent's final answer; goes to dependents and reports. */
  summary?: string;
  sessionId?: string;
  usage?: Usage;
  /** When a retry makes sense at the earliest (usage limits), epoch milliseconds. */
  retryAtMs?: number;
  /** What two failures of the same kind have in common. */
  fingerprint?: string;
  /** How the attempt was held. */
  isolation?: Isolation;
  /** What it did to the workspace is to be taken back. */
  rollBack?: true;
  /** What the orchestrator saw itself when it checked the result. */
  evidence?: Evidence[];
  /** What makes the tests say less than before the task. */
  findings?: Finding[];
  /** What a second session said about the work. */
  review?: Review;
};

export type Executor = {
  readonly kind: TaskKind | "noop";
  run(assignment: Assignment, context: AttemptContext): Promise<Outcome>;
};
