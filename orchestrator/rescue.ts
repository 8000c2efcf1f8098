/**
 * Jobs that keep tasks from being stuck, on every node at once (they are idempotent, so no leader is needed):
 * retries whose time has come go back to the queue, and attempts of nodes whose lease ran out are finished as `ambiguous` under the retry
 * policy; what remote agents are doing for such a node goes on, under this one. The frozen node, when it wakes, finds its attempt numbers superseded. What still runs on this machine for attempts that are nobody's
 * any more is ended, at start and then as often as the lease is extended.
 */
import { RetryPolicy } from "../plan/model.ts";
import { isRepeatable } from "../plan/task-params.ts";
import { decideRetry } from "./domain/retry.ts";
import { unknownOutcome } from "./domain/unknown-outcome.ts";
import type { Ending, Engine } from "./store/engine.ts";

export type RescueOptions = {
  engine: Engine;
  onQueued(): void;
  /** So many attempts of silent nodes were ended. */
  onLost?(count: number): void;
  /** This node took over what another had. */
  onAdopted(): void;
  /** Ends commands whose attempts are no longer this node's. */
  endOrphans(): Promise<void>;
  onError(error: unknown, doing: string): void;
  now(): number;
  random(): number;
};

const shortestMs = 20;

/** What must not happen twice is not tried again by another node: nobody here knows how far the first one came. */
function unknownEnding(): Pick<Ending, "outcome" | "detail"> {
  const message = "Nobody knows whether it happened: the node that ran it stopped answering";
  return { outcome: "hold", detail: { message, failureClass: "ambiguous", hold: unknownOutcome(message) } };
}

export class Rescue {
  readonly #options: RescueOptions;
  readonly #longestMs: number;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;
  #dueMs = Number.POSITIVE_INFINITY;
  #orphansDueMs = 0;

  constructor(options: RescueOptions) {
    this.#options = options;
    this.#longestMs = (options.engine.leaseSeconds * 1000) / 3;
  }

  start(): void {
    this.#schedule(0);
  }

  /** A retry was planned for this time: look then, not later. */
  expect(dueMs: number): void {
    if (dueMs < this.#dueMs && !this.#stopped && this.#pass === undefined) this.#schedule(dueMs - this.#options.now());
    this.#dueMs = Math.min(this.#dueMs, dueMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** One pass over all jobs. */
  async runOnce(): Promise<void> {
    const { engine, now, random, endOrphans } = this.#options;
    if (performance.now() >= this.#orphansDueMs) {
      await endOrphans();
      this.#orphansDueMs = performance.now() + this.#longestMs;
    }
    if ((await engine.adoptAgentAttempts()) > 0) this.#options.onAdopted();
    const expired = await engine.expired();
    if (expired.length > 0) {
      const endings = expired.map(({ task, failures, planId: _planId, ...key }): Ending => {
        if (!isRepeatable(task)) return { ...key, ...unknownEnding() };
        const decision = decideRetry("ambiguous", RetryPolicy.parse(task.retry ?? {}), failures, now(), random());
        const message = "the node that ran it stopped answering";
        return { ...key, outcome: decision.outcome, detail: { message, failureClass: "ambiguous", delayMs: decision.delayMs } };
      });
      const { ended } = await engine.step(endings, { total: 0, perKind: new Map() });
      this.#options.onLost?.(ended.filter(({ accepted }) => accepted).length);
    }
    const { promoted, nextDueMs } = await engine.promote();
    this.#dueMs = nextDueMs ?? Number.POSITIVE_INFINITY;
    if (promoted > 0) this.#options.onQueued();
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#pass = this.runOnce()
          .catch((error: unknown) => this.#options.onError(error, "rescue tasks"))
          .finally(() => {
            this.#pass = undefined;
            if (!this.#stopped) this.#schedule(this.#dueMs - this.#options.now());
          });
      },
      Math.min(Math.max(delayMs, shortestMs), this.#longestMs),
    );
  }
}
