/**
 * Brings offered work and waiting agents together.
 *
 * Agents wait in memory; while nothing is offered, ten thousand of them cost no query. An offer that somebody waits for is made and given in one
 * transaction. What other nodes offer is learned from a notification, and from looking now and then, which is the guarantee behind it. The
 * database decides who gets what: of two nodes that give away the same work, one is told that it came too late and lets its agent wait on.
 *
 * Failure story. The answer with work is lost, or the agent dies before it has read it: the agent has not said anything about that work, so it
 * gets it again when it asks. Killed: everything here is read from the database again.
 */
import type { AgentWork, Halt, WorkAnswer } from "../api/agent-work-contract.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { AgentPrincipal } from "../domain/principal.ts";
import type { AgentWorkStore, Offer, Offered, OpenWork, WorkState } from "../store/agent-work.ts";
import { type AttemptKey, keyText } from "../store/engine.ts";
import { createBatch } from "./batch.ts";
import { type Waiter, Waiters } from "./waiters.ts";

export type DispatcherOptions = {
  store: Pick<AgentWorkStore, "offer" | "take" | "open" | "state" | "withdraw" | "former">;
  onError(error: unknown, doing: string): void;
  /** Work was given out. */
  onAssigned(executionIds: string[]): void;
  now(): number;
};

export type WorkOffer = Omit<Offer, "agentId">;
type Given = { work: AgentWork; agentId: string; givenMs: number };
type Told = Halt & { told: boolean };

const pollMs = 5_000;
/** An agent that has work and asks for more before it has said anything about it gets it again after this. */
const acknowledgeMs = 2_000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #waiters = new Waiters();
  #offered = new Map<string, OpenWork>();
  #given = new Map<string, Given>();
  #halts = new Map<string, Map<string, Told>>();
  readonly #watchers = new Map<string, () => void>();
  /** Acknowledged while the database was being asked what is not. */
  #heard = new Set<string>();
  #looking: Promise<void> | undefined;
  #refreshing = false;
  #lookAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Offers an attempt's work; one that was offered before stays as it is. */
  readonly offer: (offer: WorkOffer) => Promise<Offered>;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.offer = createBatch((offers: WorkOffer[]) => this.#offer(offers));
  }

  /** Ids of the agents that wait for work. */
  waiting(): string[] {
    return this.#waiters.agents();
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), pollMs);
    this.look();
  }

  /** Ends every wait: the agents come back to whoever is there then. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const waiter of this.#waiters.all()) this.#answer(waiter, null);
    await this.#looking;
    for (const waiter of this.#waiters.all()) this.#answer(waiter, null);
  }

  /** Resolves with work, or after `waitMs` without. @param gone the agent hung up */
  poll(agent: AgentPrincipal, waitMs: number, gone: (hungUp: () => void) => () => void): Promise<WorkAnswer> {
    if (this.#stopped) throw new LonghaulError("unavailable", "The orchestrator is stopping.", { retryable: true });
    const silent = this.#unacknowledged(agent.id);
    const lostInMs = silent === undefined ? Number.POSITIVE_INFINITY : silent.givenMs + acknowledgeMs - this.#options.now();
    if (silent !== undefined && lostInMs <= 0) return Promise.resolve(this.#again(silent));
    const halts = this.#halts.get(agent.id);
    if (waitMs === 0 && this.#offered.size === 0) return Promise.resolve({ work: null, halt: this.haltsOf(agent.id) });
    if (halts !== undefined && [...halts.values()].some(({ told }) => !told))
      return Promise.resolve({ work: null, halt: this.haltsOf(agent.id) });
    return new Promise((resolve) => {
      const waiter: Waiter = {
        agent,
        answer: (answer) => {
          clearTimeout(timer);
          clearTimeout(lost);
          release();
          resolve(answer);
        },
      };
      // Somebody else's turn may have taken it out of the waiting for a moment; then its answer is on the way.
      const end = () => {
        if (this.#waiters.remove(waiter)) this.#answer(waiter, null);
      };
      const timer = setTimeout(end, Math.max(waitMs, 1));
      const lost =
        lostInMs < waitMs
          ? setTimeout(() => {
              const still = this.#unacknowledged(agent.id);
              if (still !== undefined && this.#waiters.remove(waiter)) waiter.answer(this.#again(still));
            }, lostInMs)
          : undefined;
      const release = gone(end);
      this.#waiters.add(waiter);
      if (this.#offered.size > 0) this.#match();
    });
  }

  #unacknowledged(agentId: string): Given | undefined {
    for (const given of this.#given.values()) if (given.agentId === agentId) return given;
    return undefined;
  }

  /** Gives what an agent has not said anything about once more: the answer may have been lost. */
  #again(given: Given): WorkAnswer {
    given.givenMs = this.#options.now();
    return { work: given.work, halt: this.haltsOf(given.agentId) };
  }

  /** What this agent must stop, as far as this node knows. */
  haltsOf(agentId: string): Halt[] {
    const halts = this.#halts.get(agentId);
    if (halts === undefined) return [];
    return [...halts.values()].map((halt) => {
      halt.told = true;
      const { told: _told, ...rest } = halt;
      return rest;
    });
  }

  /** The agent has said something about its work: all of it, or one attempt. */
  heard(agentId: string, about?: { executionId: string; taskId: string; attempt: number }): void {
    for (const [key, { work, agentId: whose }] of this.#given) {
      const same = about === undefined || (work.executionId === about.executionId && work.taskId === about.taskId);
      if (whose !== agentId || !same) continue;
      this.#given.delete(key);
      this.#heard.add(key);
    }
  }

  /** The agent says that it has stopped. */
  halted(agentId: string, about: { executionId: string; taskId: string; attempt: number }): void {
    for (const [key, halt] of this.#halts.get(agentId) ?? [])
      if (halt.executionId === about.executionId && halt.taskId === about.taskId && halt.attempt === about.attempt)
        this.#halts.get(agentId)?.delete(key);
  }

  state(key: AttemptKey): Promise<WorkState | undefined> {
    return this.#options.store.state(key);
  }

  /** The agent that the last attempt was taken from, and why the last one that failed did. */
  former(key: AttemptKey): Promise<{ agentId: string | undefined; failure: string | undefined }> {
    return this.#options.store.former(key);
  }

  async withdraw(key: AttemptKey, reason: string): Promise<void> {
    this.#offered.delete(keyText(key));
    this.#given.delete(keyText(key));
    if ((await this.#options.store.withdraw(key, reason)) !== undefined) this.look();
  }

  /** Calls `wake` when the work of an attempt may have ended. Returns the function that ends it. */
  watch(key: AttemptKey, wake: () => void): () => void {
    this.#watchers.set(keyText(key), wake);
    return () => void this.#watchers.delete(keyText(key));
  }

  /** The work of this attempt has ended, or of any without a key. */
  ended(key?: string): void {
    if (key !== undefined) this.#watchers.get(key)?.();
    else for (const wake of this.#watchers.values()) wake();
  }

  /** Asks the database what is offered, lost and taken back; soon, and once for however many ask. */
  look(): void {
    this.#lookAgain = true;
    this.#looking ??= this.#work().finally(() => {
      this.#looking = undefined;
    });
  }

  /** There is an offer and somebody who waits. */
  #match(): void {
    this.#looking ??= this.#work().finally(() => {
      this.#looking = undefined;
    });
  }

  async #work(): Promise<void> {
    await Promise.resolve(); // what the same tick brings is looked at together
    try {
      do {
        if (this.#lookAgain) {
          this.#lookAgain = false;
          await this.#refresh();
        }
      } while ((await this.#give()) || (this.#lookAgain && !this.#stopped));
    } catch (error) {
      this.#options.onError(error, "bring work and agents together");
    }
  }

  async #refresh(): Promise<void> {
    this.#heard = new Set();
    this.#refreshing = true;
    const open = await this.#options.store.open().finally(() => (this.#refreshing = false));
    const now = this.#options.now();
    const offered = new Map<string, OpenWork>();
    const given = new Map<string, Given>();
    const halts = new Map<string, Map<string, Told>>();
    for (const one of open) {
      const key = keyText(one);
      const { agentId } = one;
      if (one.status === "offered") offered.set(key, one);
      else if (agentId === undefined || this.#heard.has(key)) continue;
      else if (one.status === "taken") {
        if (one.work !== undefined) given.set(key, this.#given.get(key) ?? { work: one.work, agentId, givenMs: now });
      } else {
        const { executionId, taskId, attempt, reason = "" } = one;
        const told = this.#halts.get(agentId)?.get(key)?.told ?? false;
        const own = halts.get(agentId) ?? new Map<string, Told>();
        halts.set(agentId, own.set(key, { executionId, taskId, attempt, reason, told }));
      }
    }
    this.#offered = offered;
    this.#given = given;
    this.#halts = halts;
    for (const [agentId, own] of halts) {
      const waiter = [...own.values()].some(({ told }) => !told) ? this.#waiters.of(agentId) : undefined;
      if (waiter !== undefined && this.#waiters.remove(waiter)) this.#answer(waiter, null);
    }
    for (const one of given.values()) {
      const waiter = now - one.givenMs >= acknowledgeMs ? this.#waiters.of(one.agentId) : undefined;
      if (waiter !== undefined && this.#waiters.remove(waiter)) waiter.answer(this.#again(one));
    }
  }

  /** Returns whether anything was given that leaves more to give. */
  async #give(): Promise<boolean> {
    const matches: { open: OpenWork; waiter: Waiter }[] = [];
    for (const open of this.#offered.values()) {
      if (this.#waiters.size === 0) break;
      const waiter = this.#waiters.takeFor(open.capabilities, open.avoid);
      if (waiter !== undefined) matches.push({ open, waiter });
    }
    if (matches.length === 0) return false;
    for (const { open } of matches) this.#offered.delete(keyText(open));
    let taken: (AgentWork | undefined)[];
    try {
      taken = await this.#options.store.take(matches.map(({ open, waiter }) => ({ ...open, agentId: waiter.agent.id })));
    } catch (error) {
      for (const { waiter } of matches) this.#answer(waiter, null); // it asks again; what was offered is found by the next look
      throw error;
    }
    for (const [index, { open, waiter }] of matches.entries()) {
      const work = taken[index];
      if (work !== undefined) this.#deliver(waiter, open, work);
      else this.#waiters.add(waiter);
    }
    this.#options.onAssigned(matches.map(({ open }) => open.executionId));
    return this.#offered.size > 0;
  }

  async #offer(offers: WorkOffer[]): Promise<Offered[]> {
    const waiters = offers.map(({ capabilities, avoid }) => this.#waiters.takeFor(capabilities, avoid));
    let made: Offered[];
    try {
      made = await this.#options.store.offer(offers.map((offer, index) => ({ ...offer, agentId: waiters[index]?.agent.id })));
    } catch (error) {
      for (const waiter of waiters) if (waiter !== undefined) this.#waiters.add(waiter);
      throw error;
    }
    const assigned: string[] = [];
    for (const [index, offer] of offers.entries()) {
      const waiter = waiters[index];
      const { status, given } = made[index] as Offered;
      if (waiter !== undefined && given) {
        this.#deliver(waiter, offer, offer.work);
        assigned.push(offer.executionId);
        continue;
      }
      if (waiter !== undefined) this.#waiters.add(waiter);
      if (status === "offered") this.#keep(offer);
    }
    if (assigned.length > 0) this.#options.onAssigned(assigned);
    return made;
  }

  /** Nobody waited for it when it was offered; by now somebody may. */
  #keep({ work, ...offer }: WorkOffer): void {
    const rest = { status: "offered" as const, taskId: work.taskId, agentId: undefined, reason: undefined, work: undefined };
    this.#offered.set(keyText(offer), { ...offer, ...rest, capabilities: [...offer.capabilities] });
    if (this.#refreshing) this.#lookAgain = true; // what is being read was offered before
    if (this.#waiters.size > 0) this.#match();
  }

  #deliver(waiter: Waiter, key: AttemptKey, work: AgentWork): void {
    this.#given.set(keyText(key), { work, agentId: waiter.agent.id, givenMs: this.#options.now() });
    this.#answer(waiter, work);
  }

  #answer(waiter: Waiter, work: AgentWork | null): void {
    waiter.answer({ work, halt: this.haltsOf(waiter.agent.id) });
  }
}
