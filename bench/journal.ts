/** What one run of a graph really did: when each task started and finished, and whether that was right. */
import type { Graph } from "./graph.ts";

export class Journal {
  readonly #graph: Graph;
  readonly #started: Float64Array;
  readonly #finished: Float64Array;
  readonly #faults: string[] = [];
  #remaining: number;
  #resolve: () => void = () => undefined;
  /** Resolves when every task has finished once. */
  readonly complete: Promise<void>;

  constructor(graph: Graph) {
    const tasks = graph.dependencies.length;
    this.#graph = graph;
    this.#started = new Float64Array(tasks);
    this.#finished = new Float64Array(tasks);
    this.#remaining = tasks;
    this.complete = new Promise((resolve) => (this.#resolve = resolve));
  }

  /** @param atMs since the epoch; engines that execute elsewhere give the recorded time */
  started(task: number, atMs = nowMs()): void {
    if (this.#started[task] !== 0)
      this.#faults.push(`task ${task} ${task in this.#started ? "started twice" : "does not exist"}`);
    this.#started[task] = atMs;
  }

  finished(task: number, atMs = nowMs()): void {
    if (this.#finished[task] !== 0)
      this.#faults.push(`task ${task} ${task in this.#finished ? "finished twice" : "does not exist"}`);
    else this.#remaining -= 1;
    this.#finished[task] = atMs;
    if (this.#remaining === 0) this.#resolve();
  }

  /** A task that does nothing, in this process. */
  execute(task: number): void {
    this.started(task);
    this.finished(task);
  }

  startedAtMs(task: number): number {
    return this.#started[task] ?? 0;
  }

  /** @throws Error unless every task was executed exactly once and after all of its dependencies */
  verify(): void {
    const faults = [...this.#faults];
    this.#graph.dependencies.forEach((needed, task) => {
      const startedMs = this.#started[task] ?? 0;
      const finishedMs = this.#finished[task] ?? 0;
      if (startedMs === 0 || finishedMs < startedMs) faults.push(`task ${task} was not executed`);
      for (const dependency of needed) {
        const before = this.#finished[dependency] ?? 0;
        if (before === 0 || before > startedMs) faults.push(`task ${task} started before task ${dependency} had finished`);
      }
    });
    if (faults.length > 0)
      throw new Error(`wrong result in ${this.#graph.name}: ${faults.length} faults, first: ${faults.slice(0, 3).join("; ")}`);
  }
}

/** Milliseconds since the epoch with the resolution of the monotonic clock. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}
