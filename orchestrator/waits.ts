/**
 * The loop that looks at the conditions of tasks that wait. Every node runs one: a due row is taken by one of them for a short time and looked
 * at; then the task goes on, a person is asked, or the row is due again later. A node that is killed in between delays that one look.
 */
import { join } from "node:path";
import { readParams } from "../plan/task-params.ts";
import { LonghaulError } from "./domain/errors.ts";
import type { Assignment } from "./executors/executor.ts";
import { pauseSeconds } from "./executors/wait.ts";
import { type LookOptions, lookOnce, lookSeconds } from "./executors/wait-look.ts";
import type { ExecutionContext } from "./store/executions.ts";
import type { DueWait, OutsideStore } from "./store/outside.ts";

export type WaitsOptions = LookOptions & {
  store: Pick<OutsideStore, "retakeWaits" | "dueWaits" | "nextWaitDue" | "endLook">;
  node: string;
  executionContext(executionId: string): Promise<ExecutionContext>;
  /** Folder that holds the attempts' directories. */
  directory: string;
  /** A task of this execution goes on, or asks a person. */
  onChange(executionId: string): void;
  onError(error: unknown, doing: string): void;
  now(): number;
};

const atOnce = 16;
const leaseSeconds = lookSeconds + 15;
const longestMs = 10_000;
const shortestMs = 50;

export class Waits {
  readonly #options: WaitsOptions;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #again = false;
  #retaken = false;

  constructor(options: WaitsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(0);
  }

  /** A task began to wait: its next look may come sooner than the pass that is planned. */
  wake(): void {
    if (this.#pass === undefined) this.#schedule(0);
    else this.#again = true;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** Looks at everything that is due; returns when to come again, in milliseconds. */
  async runOnce(): Promise<number> {
    const { store, node, now } = this.#options;
    if (!this.#retaken) await store.retakeWaits(node);
    this.#retaken = true;
    for (;;) {
      const due = await store.dueWaits(node, atOnce, leaseSeconds);
      await Promise.all(due.map((wait) => this.#look(wait)));
      if (due.length < atOnce || this.#stopped.signal.aborted) break;
    }
    const nextMs = await store.nextWaitDue(node);
    return Math.min(longestMs, Math.max(shortestMs, (nextMs ?? Number.POSITIVE_INFINITY) - now()));
  }

  async #look(wait: DueWait): Promise<void> {
    const { store, onChange } = this.#options;
    const { executionId, waitedSeconds, looks } = wait;
    let found: "met" | "expired" | null;
    let message: string;
    let pause = 0;
    try {
      const params = readParams("wait", wait.task);
      const directory = join(this.#taskDirectory(wait), `look-${looks}`);
      const how = { directory, signal: this.#stopped.signal };
      const look = await lookOnce(params, waitedSeconds, await this.#assignment(wait), how, this.#options);
      if ("stopped" in look) return;
      const times = `${looks} looks in ${Math.round(waitedSeconds)} s`;
      found = look.met ? "met" : waitedSeconds >= params.maxSeconds ? "expired" : null;
      pause = pauseSeconds(params, looks, waitedSeconds);
      message = {
        met: `met after ${times}: ${look.what}`,
        expired: `waited in vain: ${times}, ${look.what}. Done: wait again. Skipped: go on without it.`,
        again: `waits: ${look.what} (${times})`,
      }[found ?? "again"];
    } catch (error) {
      if (error instanceof LonghaulError && error.code === "unavailable") throw error;
      found = "expired";
      message = `cannot look: ${error instanceof Error ? error.message : String(error)}`;
    }
    await store.endLook(wait, found, message, pause);
    if (found !== null) onChange(executionId);
  }

  async #assignment(wait: DueWait): Promise<Assignment> {
    const { executionId, ordinal, attempt, task } = wait;
    const context = await this.#options.executionContext(executionId);
    return {
      executionId,
      ordinal,
      attempt,
      fence: attempt,
      taskId: task.id,
      task,
      ...context,
      inputs: [],
      released: [],
      adopted: false,
    };
  }

  #taskDirectory({ executionId, ordinal }: DueWait): string {
    return join(this.#options.directory, executionId, `task-${String(ordinal).padStart(4, "0")}`);
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      let nextMs = longestMs;
      this.#again = false;
      this.#pass = this.runOnce()
        .then((ms) => {
          nextMs = ms;
        })
        .catch((error: unknown) => this.#options.onError(error, "look at what is waited for"))
        .finally(() => {
          this.#pass = undefined;
          if (!this.#stopped.signal.aborted) this.#schedule(this.#again ? 0 : nextMs);
        });
    }, delayMs);
  }
}
