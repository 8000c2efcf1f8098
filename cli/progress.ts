/** How far an execution is, as its events tell it: a snapshot to begin with, then one event after the other. No clock, no terminal. */
import type { Event, ExecutionDetail } from "../orchestrator/api/contract.ts";

export type RunningTask = {
  id: string;
  title: string;
  phase: string | null;
  startedMs: number;
  verifying: boolean;
  lastLine: string;
};

export type PhaseProgress = { id: string; title: string; done: number; total: number };

export type Progress = {
  readonly titles: ReadonlyMap<string, string>;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** How many tasks wait for a person. */
  readonly waiting: number;
  readonly paused: boolean;
  readonly startedMs: number;
  readonly running: readonly RunningTask[];
  /** The branches of the tree, in the plan's order; empty where the plan has none. */
  readonly phases: readonly PhaseProgress[];
  /** Takes one event in; those that the snapshot knows already change nothing. */
  take(event: Event): void;
};

const endings = /^task\.(completed|failed|retrying|released|cancelled|skipped)$/;

export function createProgress(snapshot: ExecutionDetail): Progress {
  const titles = new Map(snapshot.tasks.map((task) => [task.id, task.title]));
  const running = new Map<string, RunningTask>();
  const failed = new Set(snapshot.failedTasks.map((task) => task.id));
  const waiting = new Set(snapshot.tasks.filter((task) => task.status.startsWith("awaiting")).map((task) => task.id));
  let done = snapshot.progress.current;
  let paused = snapshot.status === "paused";
  let startedMs = Date.parse(snapshot.startedAt ?? snapshot.createdAt);

  const phaseOf = new Map(snapshot.tasks.map((task) => [task.id, task.phase]));
  const phases = new Map(
    snapshot.phases.map(({ id, title, done: finished, total }) => [id, { id, title, done: finished, total }]),
  );
  const finished = new Set(
    snapshot.tasks.filter(({ status }) => status === "completed" || status === "skipped").map(({ id }) => id),
  );

  const begin = (id: string, atMs: number, verifying = false) =>
    running.set(id, {
      id,
      title: titles.get(id) ?? "",
      phase: phaseOf.get(id) ?? null,
      startedMs: atMs,
      verifying,
      lastLine: "",
    });
  /** A task that runs again is not done any more. */
  const mark = (id: string, isDone: boolean) => {
    const phase = phases.get(phaseOf.get(id) ?? "");
    if (phase !== undefined && finished.has(id) !== isDone) phase.done += isDone ? 1 : -1;
    if (isDone) finished.add(id);
    else finished.delete(id);
  };
  for (const task of snapshot.runningTasks) {
    begin(task.id, Date.parse(task.startedAt ?? snapshot.createdAt), task.status === "verifying");
  }

  return {
    titles,
    total: snapshot.progress.total,
    get done() {
      return done;
    },
    get failed() {
      return failed.size;
    },
    get waiting() {
      return waiting.size;
    },
    get paused() {
      return paused;
    },
    get startedMs() {
      return startedMs;
    },
    get running() {
      return [...running.values()];
    },
    get phases() {
      return [...phases.values()];
    },
    take({ seq, type, taskId, at, data }) {
      if (seq <= snapshot.lastSeq) return;
      if (type === "execution.started") startedMs = Date.parse(at);
      if (type.startsWith("execution.")) paused = type === "execution.paused" || type === "execution.halted";
      if (type === "execution.retried") {
        for (const id of Array.isArray(data["tasks"]) ? (data["tasks"] as string[]) : []) failed.delete(id);
      }
      if (taskId === null) return;
      const task = running.get(taskId);
      if (type === "task.started") {
        begin(taskId, Date.parse(at));
        mark(taskId, false);
      } else if (type === "task.verifying" && task !== undefined) task.verifying = true;
      else if (task !== undefined) task.lastLine = lastLineOf(data) ?? task.lastLine;
      if (type === "task.awaiting_human" || type === "task.awaiting_approval") waiting.add(taskId);
      if (!endings.test(type)) return;
      running.delete(taskId);
      waiting.delete(taskId);
      if (type === "task.failed") failed.add(taskId);
      // What is skipped because something before it failed is not progress.
      if (type === "task.completed" || (type === "task.skipped" && data["cause"] !== "dependency")) {
        done += 1;
        mark(taskId, true);
      }
    },
  };
}

/** What a task last said: a line of output, a message of the agent, or the tool that it uses. */
function lastLineOf(data: Event["data"]): string | undefined {
  const { text, name } = data;
  if (typeof text === "string") return text.trimEnd().split("\n").at(-1) || undefined;
  return typeof name === "string" ? name : undefined;
}
