/**
 * Who is still there. Every request of an agent is a sign of life, written down for many at once; heartbeats and reports also extend the leases of
 * its work. Work whose lease has run out is taken from its agent, and whoever runs the task hears of it.
 *
 * Failure story. The orchestrator or its database was away: nobody could have heard the agents, so their time starts anew.
 */
import type { AgentWorkStore } from "../store/agent-work.ts";

export type LifeSignsOptions = {
  store: Pick<AgentWorkStore, "see" | "expire" | "release" | "pardon" | "prune">;
  silentSeconds: number;
  /** Agents that wait for work at this moment. */
  waiting(): string[];
  now(): number;
  /** Agents of these executions fell silent. */
  onSilent(executionIds: string[]): void;
  onError(error: unknown, doing: string): void;
};

const longestPassMs = 10_000;
const shortestPassMs = 200;
const keptDays = 7;
const soonMs = 50;
const cleaningMs = 3_600_000;
/** One agent is written down no more often than this, or a quarter of the time that it may be silent. */
const seldomMs = 60_000;
/** In one statement. */
const mostSeen = 1_000;

export class LifeSigns {
  readonly #options: LifeSignsOptions;
  #seen = new Set<string>();
  /** When each was written down last. */
  readonly #written = new Map<string, number>();
  /** When this node listened last. */
  #passMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #cleaning: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: LifeSignsOptions) {
    this.#options = options;
  }

  seen(agentId: string): void {
    const { now, silentSeconds } = this.#options;
    const written = this.#written.get(agentId);
    if (written !== undefined && now() - written < Math.min(seldomMs, silentSeconds * 250)) return;
    this.#seen.add(agentId);
    // Soon, because somebody may be waiting for one like it; together with others that come at the same time.
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#writing = this.#write().catch((error: unknown) => this.#options.onError(error, "write down who was seen"));
    }, soonMs);
  }

  start(): void {
    const passMs = Math.min(longestPassMs, Math.max(shortestPassMs, this.#options.silentSeconds * 100));
    this.#timer = setInterval(() => {
      this.#pass ??= this.runOnce()
        .catch((error: unknown) => this.#options.onError(error, "look after agents"))
        .finally(() => (this.#pass = undefined));
    }, passMs);
    this.#cleaning = setInterval(() => {
      this.#options.store.prune(keptDays).catch((error: unknown) => this.#options.onError(error, "let go of old work"));
    }, cleaningMs);
    this.#cleaning.unref();
  }

  /** Writes down who was seen, then looks who has not been for too long. */
  async runOnce(): Promise<void> {
    const { now, silentSeconds } = this.#options;
    if (now() - this.#passMs > silentSeconds * 500) await this.#options.store.pardon();
    for (const agentId of this.#options.waiting()) this.seen(agentId);
    await this.#write();
    const silent = await this.#options.store.expire();
    await this.#options.store.release();
    this.#passMs = now();
    if (silent.length > 0) this.#options.onSilent([...new Set(silent)]);
  }

  async #write(): Promise<void> {
    const { now, silentSeconds } = this.#options;
    const seen = [...this.#seen];
    this.#seen = new Set();
    const nowMs = now();
    for (let at = 0; at < seen.length; at += mostSeen) {
      const some = seen.slice(at, at + mostSeen);
      await this.#options.store.see(some);
      for (const agentId of some) this.#written.set(agentId, nowMs);
    }
    for (const [agentId, ms] of this.#written) if (nowMs - ms > silentSeconds * 1000) this.#written.delete(agentId);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#cleaning);
    clearTimeout(this.#soon);
    await this.#pass;
    await this.#writing;
  }
}
