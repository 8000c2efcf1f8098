/** Agents that wait for work, found by what they can do. Pure bookkeeping in memory; the longest waiting comes first. */

import type { WorkAnswer } from "../api/agent-work-contract.ts";
import type { AgentPrincipal } from "../domain/principal.ts";

export type Waiter = {
  agent: AgentPrincipal;
  /** Ends the wait. */
  answer(answer: WorkAnswer): void;
};

type Bucket = { capabilities: ReadonlySet<string>; waiters: Set<Waiter> };

export class Waiters {
  /** By the set of capabilities: thousands of agents have a few of them. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #byAgent = new Map<string, Set<Waiter>>();

  get size(): number {
    let size = 0;
    for (const { waiters } of this.#buckets.values()) size += waiters.size;
    return size;
  }

  add(waiter: Waiter): void {
    const { id, capabilities } = waiter.agent;
    const signature = capabilities.join(" ");
    const bucket = this.#buckets.get(signature) ?? { capabilities: new Set(capabilities), waiters: new Set() };
    bucket.waiters.add(waiter);
    this.#buckets.set(signature, bucket);
    const own = this.#byAgent.get(id) ?? new Set();
    this.#byAgent.set(id, own.add(waiter));
  }

  /** False when it was not waiting any more. */
  remove(waiter: Waiter): boolean {
    const { id, capabilities } = waiter.agent;
    const signature = capabilities.join(" ");
    const bucket = this.#buckets.get(signature);
    if (bucket === undefined || !bucket.waiters.delete(waiter)) return false;
    if (bucket.waiters.size === 0) this.#buckets.delete(signature);
    const own = this.#byAgent.get(id);
    own?.delete(waiter);
    if (own?.size === 0) this.#byAgent.delete(id);
    return true;
  }

  /**
   * Somebody who can do this, taken out of the waiting. Those who can do little else come first, so that the many-sided stay free.
   * @param avoid an agent that gets it only when nobody else waits
   */
  takeFor(wanted: readonly string[], avoid: string | undefined): Waiter | undefined {
    const able = [...this.#buckets.values()]
      .filter(({ capabilities }) => wanted.every((capability) => capabilities.has(capability)))
      .toSorted((one, other) => one.capabilities.size - other.capabilities.size);
    let last: Waiter | undefined;
    for (const { waiters } of able) {
      for (const waiter of waiters) {
        if (waiter.agent.id !== avoid) {
          this.remove(waiter);
          return waiter;
        }
        last ??= waiter;
      }
    }
    if (last !== undefined) this.remove(last);
    return last;
  }

  /** One wait of this agent. */
  of(agentId: string): Waiter | undefined {
    return this.#byAgent.get(agentId)?.values().next().value;
  }

  agents(): string[] {
    return [...this.#byAgent.keys()];
  }

  all(): Waiter[] {
    return [...this.#buckets.values()].flatMap(({ waiters }) => [...waiters]);
  }
}
