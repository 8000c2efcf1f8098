/** Everything about workspaces of one node, put together: what surrounds attempts, and going back. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { AttemptStep } from "../attempt-step.ts";
import type { Executor } from "../executors/executor.ts";
import { createCheckpointStore } from "../store/checkpoints.ts";
import type { Database } from "../store/db.ts";
import type { ExecutionStore } from "../store/executions.ts";
import { createLandingStore } from "../store/landings.ts";
import { type TreeState, treeState } from "../verification/tree-state.ts";
import { createFindBaseline, type FindBaseline } from "./baseline.ts";
import { checkpoints } from "./checkpoint-step.ts";
import { Cleaning } from "./cleaning.ts";
import { createExecutionTargets } from "./execution-target.ts";
import { createGit } from "./git.ts";
import { createMergeQueue } from "./merge-queue.ts";
import { createRollbacks, type Rollbacks } from "./rollback.ts";
import { createSnapshots } from "./snapshot.ts";
import { worktrees } from "./worktree-step.ts";

export type WorkspacesOptions = {
  /** LONGHAUL_HOME. */
  home: string;
  /** The PATH that git is found on. */
  path: string | undefined;
  database: Database;
  executions: ExecutionStore;
  node: string;
  shell: Executor;
  /** How long snapshots of executions that ended are kept. */
  snapshotDays: number;
  /** Tells readers that something changed. */
  onChange(executionId: string): void;
  onError(error: unknown, doing: string): void;
};

export type Workspaces = {
  steps: AttemptStep[];
  rollbacks: Rollbacks;
  cleaning: Cleaning;
  /** What the files of a task were before its first attempt. */
  baseline: FindBaseline;
  /** The files of a workspace in or outside a repository; both null when the folder is not there. */
  treeState(folder: string): Promise<TreeState>;
};

export function createWorkspaces(options: WorkspacesOptions): Workspaces {
  const { home, database, executions, shell, onChange, onError } = options;
  const git = createGit(options.path, home);
  const directory = join(home, "worktrees");
  const snapshots = createSnapshots({ git, home, now: Date.now });
  const targets = createExecutionTargets(git, directory);
  const store = createCheckpointStore(database, options.node);
  const queue = createMergeQueue({ git, directory });
  const retentionMs = options.snapshotDays * 24 * 3_600_000;
  return {
    async treeState(folder) {
      if (!existsSync(folder)) return { commit: null, tree: null };
      const { commit, tree } = await treeState(git, folder);
      return { commit, tree: tree ?? (await snapshots.treeOf(folder)) };
    },
    baseline: createFindBaseline({ directory, home, snapshots, checkpoints: store }),
    cleaning: new Cleaning({ git, snapshots, checkpoints: store, targets, directory, retentionMs, onError, now: Date.now }),
    steps: [
      checkpoints({ checkpoints: store, snapshots, targets, onError }),
      worktrees({ git, directory, landings: createLandingStore(database), targets, queue, shell }),
    ],
    rollbacks: createRollbacks({ checkpoints: store, executions, snapshots, targets, onChange, onError }),
  };
}
