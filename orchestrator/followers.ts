/**
 * Wakes those who read the events of an execution (SSE, WebSocket). Changes made by this node wake them directly; changes of other nodes
 * come as notifications, which the database only sends while `watched_until` says that somebody reads. Waking without cause is harmless:
 * readers page by sequence number.
 */
import type { Database } from "./store/db.ts";
import type { ExecutionStore } from "./store/executions.ts";

const watchSeconds = 60;

export class Followers {
  readonly #executions: Pick<ExecutionStore, "watch">;
  readonly #wakes = new Map<string, Set<() => void>>();
  readonly #all = new Set<(executionId: string) => void>();
  readonly #renewal: NodeJS.Timeout;
  readonly #unlisten: () => void;

  constructor(database: Pick<Database, "listen">, executions: Pick<ExecutionStore, "watch">) {
    this.#executions = executions;
    this.#unlisten = database.listen("longhaul_events", (executionId) => {
      if (executionId !== undefined) this.wake(executionId);
      else for (const id of this.#wakes.keys()) this.wake(id);
    });
    this.#renewal = setInterval(
      () => {
        for (const id of this.#wakes.keys()) this.#watch(id);
      },
      (watchSeconds * 1000) / 3,
    );
  }

  follow(executionId: string, wake: () => void): () => void {
    const wakes = this.#wakes.get(executionId) ?? new Set();
    if (wakes.size === 0) {
      this.#wakes.set(executionId, wakes);
      this.#watch(executionId);
    }
    wakes.add(wake);
    return () => {
      wakes.delete(wake);
      if (wakes.size === 0 && this.#wakes.get(executionId) === wakes) this.#wakes.delete(executionId);
    };
  }

  /** Every execution that this node changes or hears of. */
  followAll(changed: (executionId: string) => void): () => void {
    this.#all.add(changed);
    return () => this.#all.delete(changed);
  }

  wake(executionId: string): void {
    for (const changed of this.#all) changed(executionId);
    for (const wake of this.#wakes.get(executionId) ?? []) wake();
  }

  stop(): void {
    clearInterval(this.#renewal);
    this.#unlisten();
  }

  /** When the database is away, the reconnect of the listener wakes everybody, and the renewal comes again. */
  #watch(executionId: string): void {
    void this.#executions.watch(executionId, watchSeconds).then(
      () => this.wake(executionId),
      () => undefined,
    );
  }
}
