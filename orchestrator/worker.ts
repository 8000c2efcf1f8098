/**
 * The worker: claims tasks, runs their attempts and reports how they ended.
 *
 * One loop does both in one round trip: endings that gathered while the last step was under way go out together, and the free slots are
 * filled in the same transaction, so a task's successor starts one commit after it. When a claim comes back empty the node says that it
 * sleeps (only then do other nodes pay for a NOTIFY), looks once more, and waits to be woken; a slow poll stands behind that.
 *
 * Failure story. Database away: endings are kept and sent again; the claim whose answer was lost is found by `reconcile`, which adopts
 * every attempt that the database says is ours and that we do not run, also one whose surrounding steps found no database. Killed: the next process of this node reconciles at start; children
 * live on under their supervisors and are attached to again. Stopped: attempts are detached, never killed.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { AttemptRunner } from "./attempt.ts";
import { LonghaulError } from "./domain/errors.ts";
import type { StopReason } from "./executors/executor.ts";
import { type ClaimedTask, type EndedTask, type Ending, type Engine, keyText, type Slots } from "./store/engine.ts";

const pollMs = 5_000;
const databaseRetryMs = 250;
/** Tasks of this kind run on other machines: only waiting for them is done here, and that takes no place. */
const elsewhere = "agent";

type Running = { claimed: ClaimedTask; controller: AbortController; done: Promise<void> };

/** An ending with what only this process knows about the attempt. */
export type Report = { ending: Ending; claimed: ClaimedTask; seconds: number };

export type WorkerOptions = {
  engine: Engine;
  runAttempt: AttemptRunner;
  kinds: string[];
  concurrency: number;
  perKind: Readonly<Record<string, number>>;
  /** How many more tasks of a kind may start now besides those that run; without it as many as there is room for. */
  admits?(kind: string, running: number): number;
  /** Called after the endings were committed, with whether each was accepted. */
  onEnded(reports: (Report & { result: EndedTask })[]): void;
  onClaimed(claimed: ClaimedTask[]): void;
  onError(error: unknown, doing: string): void;
};

export class Worker {
  readonly #options: WorkerOptions;
  readonly #running = new Map<string, Running>();
  readonly #runningByKind = new Map<string, number>();
  #reports: Report[] = [];
  #wake: () => void = () => undefined;
  #woken = false;
  #stopping = false;
  #sleeping = false;
  #needsReconcile = true;
  #loop: Promise<void> | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #heartbeating: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Attempts under way on this node. */
  get runningCount(): number {
    return this.#running.size;
  }

  start(): void {
    const { engine } = this.#options;
    this.#loop = this.#run();
    this.#heartbeat = setInterval(() => void this.checkLease(), (engine.leaseSeconds * 1000) / 3);
  }

  /** Tells the loop that there may be work, or room for it. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** There are attempts of this node that it does not know of yet. */
  adopt(): void {
    this.#needsReconcile = true;
    this.wake();
  }

  /** Stops claiming, lets go of running attempts without killing them and flushes what has ended. A second call is safe. */
  async stop(): Promise<void> {
    if (this.#stopping) return this.#loop;
    this.#stopping = true;
    clearInterval(this.#heartbeat);
    await this.checkLease(); // what was cancelled a moment ago is killed, not let go of
    for (const running of this.#running.values()) running.controller.abort("detach" satisfies StopReason);
    await Promise.allSettled([...this.#running.values()].map((running) => running.done));
    this.wake();
    await this.#loop;
    await this.#heartbeating;
  }

  /** Extends the lease and kills what is no longer ours; called by the timer, and at once when somebody cancelled. */
  async checkLease(): Promise<void> {
    this.#heartbeating ??= this.#checkLease().finally(() => {
      this.#heartbeating = undefined;
    });
    return this.#heartbeating;
  }

  async #checkLease(): Promise<void> {
    try {
      const lost = await this.#options.engine.heartbeat([...this.#running.values()].map((running) => running.claimed));
      for (const key of lost) this.#running.get(keyText(key))?.controller.abort("superseded" satisfies StopReason);
    } catch (error) {
      this.#options.onError(error, "extend the lease");
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping || this.#reports.length > 0) {
      this.#woken = false;
      try {
        if (this.#needsReconcile && !this.#stopping) await this.#reconcile();
        const worked = await this.runOnce();
        if (worked || this.#woken) continue;
        if (!this.#sleeping) {
          await this.#options.engine.setSleeping(true);
          this.#sleeping = true;
          continue; // work that came in before the others could see that we sleep
        }
        await this.#waitForWake(pollMs);
      } catch (error) {
        if (this.#stopping) return;
        this.#needsReconcile = true;
        this.#options.onError(error, "claim and report tasks");
        await this.#waitForWake(databaseRetryMs);
      }
    }
  }

  /** One step: report, claim, start. Returns whether anything was claimed or reported. */
  async runOnce(): Promise<boolean> {
    const { engine } = this.#options;
    const reports = this.#reports;
    const slots = this.#stopping ? { total: 0, perKind: new Map<string, number>() } : this.#freeSlots();
    if (reports.length === 0 && slots.perKind.size === 0) return false;
    if (reports.length > 0) this.#sleeping = false;
    this.#reports = [];
    let result: Awaited<ReturnType<Engine["step"]>>;
    try {
      result = await engine.step(
        reports.map((report) => report.ending),
        slots,
      );
    } catch (error) {
      if (!(error instanceof LonghaulError) || error.retryable) this.#reports = [...reports, ...this.#reports];
      throw error;
    }
    if (result.ended.length > 0) {
      this.#options.onEnded(reports.map((report, index) => ({ ...report, result: result.ended[index] as EndedTask })));
    }
    if (result.claimed.length > 0) {
      this.#sleeping = false;
      this.#options.onClaimed(result.claimed);
      for (const claimed of result.claimed) this.#start(claimed, { adopted: false, recordedOffset: 0 });
    }
    return result.claimed.length > 0 || result.ended.length > 0;
  }

  async #reconcile(): Promise<void> {
    const own = await this.#options.engine.ownAttempts();
    for (const { recordedOffset, ...claimed } of own) {
      const known =
        this.#running.has(keyText(claimed)) || this.#reports.some((report) => keyText(report.ending) === keyText(claimed));
      if (!known) this.#start(claimed, { adopted: true, recordedOffset });
    }
    this.#needsReconcile = false;
  }

  #freeSlots(): Slots {
    const { kinds, perKind, concurrency, admits } = this.#options;
    const total = concurrency - this.#running.size + (this.#runningByKind.get(elsewhere) ?? 0);
    const free = new Map<string, number>();
    for (const kind of kinds) {
      const running = this.#runningByKind.get(kind) ?? 0;
      const room = kind === elsewhere ? Number.POSITIVE_INFINITY : total;
      const left = Math.min(room, (perKind[kind] ?? concurrency) - running, admits?.(kind, running) ?? room);
      if (left > 0) free.set(kind, left);
    }
    const here = free.size - (free.has(elsewhere) ? 1 : 0);
    return { total: here === 0 ? 0 : Math.max(0, total), perKind: free };
  }

  #start(claimed: ClaimedTask, how: { adopted: boolean; recordedOffset: number }): void {
    const controller = new AbortController();
    const { kind } = claimed.task;
    const startedMs = performance.now();
    this.#runningByKind.set(kind, (this.#runningByKind.get(kind) ?? 0) + 1);
    const done = this.#options
      .runAttempt(claimed, { ...how, signal: controller.signal })
      .then((ending) => {
        if (ending !== undefined) this.#reports.push({ ending, claimed, seconds: (performance.now() - startedMs) / 1000 });
      })
      .catch(async (error: unknown) => {
        this.#options.onError(error, `run task ${claimed.task.id}`);
        await delay(databaseRetryMs);
        this.#needsReconcile = true; // adopts it again
      })
      .finally(() => {
        this.#running.delete(keyText(claimed));
        this.#runningByKind.set(kind, (this.#runningByKind.get(kind) ?? 1) - 1);
        this.wake();
      });
    this.#running.set(keyText(claimed), { claimed, controller, done });
  }

  #waitForWake(milliseconds: number): Promise<void> {
    if (this.#woken) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      this.#wake = finish;
    });
  }
}
