/**
 * Lets go of snapshots after their time, and of worktrees that are done with.
 *
 * A snapshot stays until its execution has ended and its last checkpoint and rollback are older than the retention time; what a later
 * execution shares with it stays as long as that one needs it. Refs go first, then the rows say so: killed in between, the next pass does the
 * rest. What a worktree had is in a commit by then; one whose task did not complete stays until its execution is older than that, too.
 */
import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CheckpointStore } from "../store/checkpoints.ts";
import type { ExecutionTargets } from "./execution-target.ts";
import type { Git } from "./git.ts";
import type { Snapshots } from "./snapshot.ts";
import { removeWorktree } from "./worktree.ts";

const intervalMs = 600_000;

export type CleaningOptions = {
  git: Git;
  snapshots: Snapshots;
  checkpoints: Pick<CheckpointStore, "stale" | "forget" | "finishedWorktrees">;
  targets: Pick<ExecutionTargets, "known">;
  /** Folder of the worktrees. */
  directory: string;
  retentionMs: number;
  onError(error: unknown, doing: string): void;
  now(): number;
};

export class Cleaning {
  readonly #options: CleaningOptions;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;

  constructor(options: CleaningOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#pass = this.runOnce()
        .catch((error: unknown) => this.#options.onError(error, "clean up snapshots"))
        .finally(() => this.start());
    }, intervalMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** One pass over both; what fails is tried again with the next. */
  async runOnce(): Promise<void> {
    const { now, retentionMs } = this.#options;
    const before = new Date(now() - retentionMs);
    await this.#dropSnapshots(before);
    await this.#removeWorktrees(before);
  }

  async #dropSnapshots(before: Date): Promise<void> {
    const { checkpoints, snapshots, onError } = this.#options;
    for (const { execution_id: executionId, workspace, keep } of await checkpoints.stale(before)) {
      if (this.#stopped) return;
      if (!existsSync(workspace)) continue; // another machine's, or a disk that is away
      try {
        await snapshots.drop(workspace, executionId, keep);
        await checkpoints.forget(executionId, workspace, keep);
      } catch (error) {
        onError(error, `clean up snapshots of ${executionId}`);
      }
    }
  }

  async #removeWorktrees(before: Date): Promise<void> {
    const { git, directory, targets, checkpoints } = this.#options;
    for (const executionId of (await readdir(directory).catch(() => [])).filter((name) => !name.startsWith("queue-"))) {
      const target = await targets.known(executionId);
      if (target === undefined || this.#stopped) continue;
      for (const ordinal of await checkpoints.finishedWorktrees(executionId, before)) {
        const path = join(directory, executionId, String(ordinal));
        if (!existsSync(path)) continue;
        if (existsSync(target.common)) await removeWorktree(git, target.common, path);
        else await rm(path, { recursive: true, force: true });
      }
      const left = await readdir(join(directory, executionId));
      const decided = await stat(join(directory, executionId, "target.json"));
      if (left.length === 1 && decided.mtimeMs < before.getTime()) await rm(join(directory, executionId), { recursive: true });
    }
  }
}
