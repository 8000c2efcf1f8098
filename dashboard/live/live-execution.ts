/**
 * One execution as it is now: read once with all its tasks, then kept true by the stream of its events.
 *
 * The stream resumes from the last sequence number by itself when the connection drops. A page that nobody sees holds no connection (browsers
 * allow six to one host, however many tabs there are) and goes on from where it was. After the end the log is asked now and then for
 * more, because somebody may retry. Events are applied as they come and shown once for each picture the screen makes.
 */
import { signal } from "@preact/signals";
import { ApiError } from "../../client/api-error.ts";
import type { Event, ExecutionDetail, TaskDetail } from "../../orchestrator/api/contract.ts";
import { client } from "../session.ts";
import { type Tone, toneOfTask } from "../statuses.ts";
import { changesEverything, executionStatusAfter, taskAfter } from "./apply-event.ts";

export type Connection = "connecting" | "live" | "resuming" | "ended" | "asleep";
export type Head = Omit<ExecutionDetail, "tasks" | "runningTasks" | "completedTasks" | "failedTasks">;

const refreshMs = 1500;
const endedPollMs = 3000;
const sleepAfterMs = 15_000;
/** So many events stay in memory for the log; older ones are read again when somebody scrolls there. */
const keptEvents = 5000;

export class LiveExecution {
  readonly id: string;
  readonly head = signal<Head | undefined>(undefined);
  readonly failure = signal<string | undefined>(undefined);
  readonly connection = signal<Connection>("connecting");
  /** Grows with each change; who reads the tasks reads this, too. */
  readonly revision = signal(0);
  /** The latest events, oldest first; mutated in place, `revision` says when. */
  readonly recent: Event[] = [];
  lastSeq = 0;
  /** Grows when the set of tasks or their dependencies changed. */
  readonly structure = signal(0);
  tasks: TaskDetail[] = [];
  readonly counts: Record<Tone, number> = { done: 0, active: 0, waiting: 0, failed: 0, idle: 0, retry: 0 };

  readonly #index = new Map<string, number>();
  readonly #closed = new AbortController();
  #sleep: AbortController | undefined;
  #pictureAsked = false;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(id: string) {
    this.id = id;
    void this.#run();
  }

  task(id: string): TaskDetail | undefined {
    const index = this.#index.get(id);
    return index === undefined ? undefined : this.tasks[index];
  }

  close(): void {
    this.#closed.abort();
    clearTimeout(this.#refreshTimer);
  }

  /** Reads everything anew, e.g. after a command whose events do not say it all. */
  async reload(): Promise<void> {
    const { tasks, runningTasks: _r, completedTasks: _c, failedTasks: _f, ...head } = await client.execution(this.id);
    if (head.lastSeq < this.lastSeq) return; // older than what the stream has told
    this.tasks = tasks;
    this.#index.clear();
    tasks.forEach((task, index) => this.#index.set(task.id, index));
    for (const tone of Object.keys(this.counts) as Tone[]) this.counts[tone] = 0;
    for (const task of tasks) this.counts[toneOfTask(task.status)] += 1;
    this.lastSeq = head.lastSeq;
    this.head.value = head;
    this.structure.value += 1;
    this.revision.value += 1;
  }

  async #run(): Promise<void> {
    const { signal: closed } = this.#closed;
    for (let delayMs = 500; !closed.aborted; delayMs = Math.min(delayMs * 2, 10_000)) {
      try {
        await this.reload();
        this.failure.value = undefined;
        await this.#follow(closed);
        return;
      } catch (error) {
        if (closed.aborted) return;
        this.failure.value = error instanceof Error ? error.message : String(error);
        if (error instanceof ApiError && !error.retryable) return;
        this.connection.value = "resuming";
        await pause(delayMs, closed);
      }
    }
  }

  async #follow(closed: AbortSignal): Promise<void> {
    const hidden = () => void this.#sleepWhenHidden();
    document.addEventListener("visibilitychange", hidden);
    closed.addEventListener("abort", () => document.removeEventListener("visibilitychange", hidden));
    while (!closed.aborted) {
      this.#sleep = new AbortController();
      const signal = AbortSignal.any([closed, this.#sleep.signal]);
      try {
        this.connection.value = "live";
        for await (const event of client.stream(this.id, {
          after: this.lastSeq,
          signal,
          onConnection: (up) => this.#connected(up),
        }))
          this.#take(event);
        this.connection.value = "ended";
        this.#refreshSoon(0);
        await this.#untilMore(signal);
      } catch (error) {
        if (closed.aborted) return;
        if (!this.#sleep.signal.aborted) throw error;
        this.connection.value = "asleep";
        await shown(closed);
      }
    }
  }

  #connected(up: boolean): void {
    this.connection.value = up ? "live" : "resuming";
  }

  /** An execution that has ended goes on when somebody retries. */
  async #untilMore(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(endedPollMs, signal);
      signal.throwIfAborted();
      const { lastSeq } = await client.events(this.id, { after: this.lastSeq, limit: 1 }, { signal });
      if (lastSeq > this.lastSeq) return;
    }
  }

  async #sleepWhenHidden(): Promise<void> {
    if (!document.hidden) return;
    await pause(sleepAfterMs, this.#closed.signal);
    if (document.hidden) this.#sleep?.abort();
  }

  #take(event: Event): void {
    if (event.seq <= this.lastSeq) return;
    this.lastSeq = event.seq;
    this.recent.push(event);
    if (this.recent.length > keptEvents * 1.2) this.recent.splice(0, this.recent.length - keptEvents);
    const index = event.taskId === null ? undefined : this.#index.get(event.taskId);
    if (index !== undefined) {
      const before = this.tasks[index] as TaskDetail;
      const after = taskAfter(before, event);
      if (after !== before) {
        this.tasks[index] = after;
        this.counts[toneOfTask(before.status)] -= 1;
        this.counts[toneOfTask(after.status)] += 1;
      }
    }
    const status = executionStatusAfter(event);
    const head = this.head.peek();
    if (status !== undefined && head !== undefined) {
      const reason = typeof event.data["reason"] === "string" ? event.data["reason"] : null;
      this.head.value = {
        ...head,
        status,
        reason,
        startedAt: head.startedAt ?? (event.type === "execution.started" ? event.at : null),
        finishedAt: ["completed", "failed", "cancelled"].includes(status) ? event.at : null,
      };
    }
    if (changesEverything(event)) void this.reload().catch(() => undefined);
    else if (event.type !== "task.output" && event.type !== "agent.message") this.#refreshSoon(refreshMs);
    this.#picture();
  }

  /** Many events, one picture. */
  #picture(): void {
    if (this.#pictureAsked) return;
    this.#pictureAsked = true;
    requestAnimationFrame(() => {
      this.#pictureAsked = false;
      this.revision.value += 1;
    });
  }

  /** Cost, forecast and reasons are not in the events; they are asked for, the more rarely the more tasks there are. */
  #refreshSoon(delayMs: number): void {
    this.#refreshTimer ??= setTimeout(
      () => {
        this.#refreshTimer = undefined;
        void client
          .status(this.id)
          .then(({ eta, costUsd, tokens, blockers, reason, status, progress, lastSeq }) => {
            const head = this.head.peek();
            if (head === undefined) return;
            const current = lastSeq >= this.lastSeq ? { status, reason, blockers } : { blockers };
            this.head.value = { ...head, eta, costUsd, tokens, progress, ...current };
          })
          .catch(() => undefined);
      },
      Math.max(delayMs, this.tasks.length),
    );
  }
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener("abort", done);
  });
}

/** Resolves when somebody looks at the page. */
function shown(closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (document.hidden && !closed.aborted) return;
      document.removeEventListener("visibilitychange", check);
      resolve();
    };
    document.addEventListener("visibilitychange", check);
    closed.addEventListener("abort", check);
    check();
  });
}
