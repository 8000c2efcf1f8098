/**
 * The governor of one node: how many Claude sessions may start now.
 *
 * Whoever sees a limit first writes it to the account's row; all nodes of that account are notified, and look every few seconds besides. While
 * the account is limited no `claude` task is claimed: it stays queued. After the reset each node waits for a random moment and then lets one
 * session start after the other, so that they do not run into the next limit together.
 *
 * Failure story. A notification is lost: the next look finds the row. A session starts between the limit and the look: the governor's step asks
 * the row again before it runs. The node that wrote the limit dies: the row stays, and any node lifts it.
 */
import type { AccountStore, LimitKind } from "../store/accounts.ts";
import type { Billing } from "./billing.ts";
import { type Suspension, suspensionOf } from "./suspension.ts";

export type GovernorOptions = {
  accounts: AccountStore;
  node: string;
  billing: Billing;
  /** Share of the five-hour window that new sessions leave to the person, 0–1. */
  reserveShare: number;
  /** Sessions may start again. */
  onOpen(): void;
  onError(error: unknown, doing: string): void;
  now(): number;
  random(): number;
  /** After a reset the first session of a node starts within this time, the others one by one after each of these. */
  staggerMs?: number;
};

const lookMs = 5_000;
const shortestMs = 50;
const defaultStaggerMs = 5_000;

export class Governor {
  readonly #options: GovernorOptions;
  readonly #staggerMs: number;
  #suspension: Suspension | undefined;
  /** When the first session may start after the last suspension; undefined once all may. */
  #opensAtMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: GovernorOptions) {
    this.#options = options;
    this.#staggerMs = options.staggerMs ?? defaultStaggerMs;
  }

  get billing(): Billing {
    return this.#options.billing;
  }

  /** Says which account this node has, and looks whether it is limited, before anything is claimed. */
  async start(): Promise<void> {
    const { accounts, node, billing } = this.#options;
    await accounts.use(node, billing.account, billing.kind);
    await this.runOnce();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** Looks at once: somebody says that an account changed. */
  wake(): void {
    if (this.#pass !== undefined) this.#again = true;
    else this.#schedule(0);
  }

  /** How many sessions this node may run now, given how many already run. */
  admits(running: number): number {
    const nowMs = this.#options.now();
    if (this.#suspension !== undefined && this.#suspension.untilMs > nowMs) return 0;
    if (this.#opensAtMs === undefined) return Number.POSITIVE_INFINITY;
    if (nowMs < this.#opensAtMs) return 0;
    return Math.max(0, 1 + Math.floor((nowMs - this.#opensAtMs) / this.#staggerMs) - running);
  }

  /** Writes a limit for all nodes, and holds this one back at once. */
  async limit(kind: LimitKind, untilMs: number, message: string): Promise<void> {
    const { accounts, billing } = this.#options;
    await accounts.limit(billing.account, kind, untilMs, message);
    await this.runOnce();
  }

  async setWindow(used: number, resetsAtMs: number): Promise<void> {
    const { accounts, billing } = this.#options;
    await accounts.setWindow(billing.account, used, resetsAtMs);
    await this.runOnce();
  }

  /** What holds new sessions back, asked of the database. */
  async suspension(): Promise<Suspension | undefined> {
    const { accounts, billing, reserveShare, now } = this.#options;
    const account = await accounts.account(billing.account);
    return account && suspensionOf(account, reserveShare, now());
  }

  /** Lifts what has run out, and learns what holds now. */
  async runOnce(): Promise<void> {
    const { accounts, now, random, onOpen } = this.#options;
    await accounts.lift();
    const found = await this.suspension();
    const nowMs = now();
    if (found === undefined && this.#suspension !== undefined) this.#opensAtMs = nowMs + random() * this.#staggerMs;
    if (found !== undefined) this.#opensAtMs = undefined;
    this.#suspension = found;
    if (found !== undefined || this.#opensAtMs === undefined) return;
    if (nowMs >= this.#opensAtMs) onOpen();
    if (nowMs - this.#opensAtMs > 100 * this.#staggerMs) this.#opensAtMs = undefined;
  }

  #nextMs(): number {
    const nowMs = this.#options.now();
    if (this.#suspension !== undefined) return this.#suspension.untilMs - nowMs;
    if (this.#opensAtMs === undefined) return lookMs;
    return nowMs < this.#opensAtMs ? this.#opensAtMs - nowMs : this.#staggerMs;
  }

  #schedule(delayMs = this.#nextMs()): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#pass = this.runOnce()
          .catch((error: unknown) => this.#options.onError(error, "look at the limits of Claude's account"))
          .finally(() => {
            this.#pass = undefined;
            const again = this.#again;
            this.#again = false;
            this.#schedule(again ? 0 : undefined);
          });
      },
      Math.min(Math.max(delayMs, delayMs <= 0 ? 0 : shortestMs), lookMs),
    );
  }
}
