/**
 * Lets go of what ended long ago: events, and the files of attempts (logs, and the artifacts that lie beside them). Once a day on every node; each
 * removes the files it has, and events go in small batches with a breath in between, whoever does it.
 *
 * Failure story. Killed in between: rows say what is done, the next pass does the rest. Two nodes at once: each takes another execution.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { RetentionStore } from "./store/retention.ts";

export type RetentionOptions = {
  store: RetentionStore;
  /** Folder with the attempts' directories, one folder per execution. */
  directory: string;
  eventDays: number;
  logDays: number;
  onError(error: unknown, doing: string): void;
  onPruned(report: PruneReport): void;
  now(): number;
};

export type PruneReport = { dryRun: boolean; executions: number; events: number; folders: number; bytes: number };

const dayMs = 86_400_000;
const firstMs = 600_000;
/** Took 5 ms in the median and 12 ms in 99 of 100 cases, of a million events on two cores that others used too. */
const batchEvents = 1_000;
const breathMs = 20;
const batchFolders = 500;
const executionId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export class Retention {
  readonly #options: RetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<unknown> | undefined;
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(delayMs = firstMs): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#pass = this.runOnce({ dryRun: false })
        .catch((error: unknown) => this.#options.onError(error, "let go of what ended long ago"))
        .finally(() => this.start(dayMs));
    }, delayMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** One pass over everything, or what it would do. */
  async runOnce({ dryRun }: { dryRun: boolean }): Promise<PruneReport> {
    const { store, eventDays, logDays, now, onPruned } = this.#options;
    const events = await this.#pruneEvents(new Date(now() - eventDays * dayMs), dryRun);
    const files = await this.#pruneFiles(new Date(now() - logDays * dayMs), dryRun);
    const report = { dryRun, ...events, ...files };
    if (!dryRun) {
      await store.ensurePartitions();
      onPruned(report);
    }
    return report;
  }

  async #pruneEvents(before: Date, dryRun: boolean): Promise<{ executions: number; events: number }> {
    const { store } = this.#options;
    if (dryRun) return store.prunableEvents(before);
    let events = 0;
    let executions = 0;
    while (!this.#stopped) {
      const count = await store.pruneEvents(before, batchEvents);
      if (count === undefined) break;
      events += count;
      if (count < batchEvents) executions += 1;
      if (count > 0) await delay(breathMs);
    }
    return { executions, events };
  }

  /** Looks at the folders that are here: an execution may have some on several nodes. */
  async #pruneFiles(before: Date, dryRun: boolean): Promise<{ folders: number; bytes: number }> {
    const { store, directory } = this.#options;
    let folders = 0;
    let bytes = 0;
    const present = (await readdir(directory).catch(() => [])).filter((name) => executionId.test(name));
    for (let start = 0; start < present.length; start += batchFolders) {
      for (const id of await store.ended(present.slice(start, start + batchFolders), before)) {
        if (this.#stopped) return { folders, bytes };
        const path = join(directory, id);
        folders += 1;
        bytes += await sizeOf(path);
        if (dryRun) continue;
        await store.forgetArtifacts(id, path);
        await rm(path, { recursive: true, force: true });
      }
      await delay(breathMs);
    }
    return { folders, bytes };
  }
}

/** Bytes of all files in a folder. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
