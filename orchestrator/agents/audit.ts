/** Writes down what was refused to agents. Equal refusals that come together are one entry that counts them. */
import type { AuditEntry, AuditStore } from "../store/audit.ts";

export type Refused = Pick<AuditEntry, "principal" | "action" | "status" | "reason">;

const gatherMs = 200;
/** Different refusals kept in memory while the database is away; further ones are lost to the record, though not to the log. */
const mostWaiting = 1_000;
const keptDays = 90;
const cleaningMs = 3_600_000;

export class Audit {
  readonly #store: AuditStore;
  readonly #onError: (error: unknown, doing: string) => void;
  #waiting = new Map<string, AuditEntry>();
  #timer: NodeJS.Timeout | undefined;
  #cleaning: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(store: AuditStore, onError: (error: unknown, doing: string) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  start(): void {
    this.#cleaning = setInterval(() => {
      this.#store.prune(keptDays).catch((error: unknown) => this.#onError(error, "let go of old audit entries"));
    }, cleaningMs);
    this.#cleaning.unref();
  }

  refused(refused: Refused): void {
    const key = JSON.stringify([refused.principal, refused.action, refused.status, refused.reason]);
    const known = this.#waiting.get(key);
    if (known !== undefined) known.times += 1;
    else if (this.#waiting.size < mostWaiting) this.#waiting.set(key, { ...refused, at: new Date(), times: 1 });
    this.#timer ??= setTimeout(() => void this.flush(), gatherMs);
  }

  /** Resolves when everything refused so far is written, or could not be. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    if (this.#waiting.size === 0) return;
    const entries = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#writing = this.#store.append(entries).catch((error: unknown) => this.#onError(error, "write audit entries"));
    await this.#writing;
  }

  async stop(): Promise<void> {
    clearInterval(this.#cleaning);
    await this.flush();
  }
}
