/** How far an execution is, as its events tell it: a snapshot to begin with, then one event after the other. No clock, no terminal. */
import type { Event, ExecutionDetail } from "../orchestrator/api/contract.ts";

export type RunningTask = { id: string; title: string; startedMs: number; verifying: boolean; lastLine: string };

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

  const begin = (id: string, atMs: number, verifying = false) =>
    running.set(id, { id, title: titles.get(id) ?? "", startedMs: atMs, verifying, lastLine: "" });
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
    take({ seq, type, taskId, at, data }) {
      if (seq <= snapshot.lastSeq) return;
      if (type === "execution.started") startedMs = Date.parse(at);
      if (type.startsWith("execution.")) paused = type === "execution.paused" || type === "execution.halted";
      if (type === "execution.retried") {
        for (const id of Array.isArray(data["tasks"]) ? (data["tasks"] as string[]) : []) failed.delete(id);
      }
      if (taskId === null) return;
      const task = running.get(taskId);
      if (type === "task.started") begin(taskId, Date.parse(at));
      else if (type === "task.verifying" && task !== undefined) task.verifying = true;
      else if (task !== undefined) task.lastLine = lastLineOf(data) ?? task.lastLine;
      if (type === "task.awaiting_human" || type === "task.awaiting_approval") waiting.add(taskId);
      if (!endings.test(type)) return;
      running.delete(taskId);
      waiting.delete(taskId);
      if (type === "task.failed") failed.add(taskId);
      // What is skipped because something before it failed is not progress.
      if (type === "task.completed" || (type === "task.skipped" && data["cause"] !== "dependency")) done += 1;
    },
  };
}

/** What a task last said: a line of output, a message of the agent, or the tool that it uses. */
function lastLineOf(data: Event["data"]): string | undefined {
  const { text, name } = data;
  if (typeof text === "string") return text.trimEnd().split("\n").at(-1) || undefined;
  return typeof name === "string" ? name : undefined;
}
