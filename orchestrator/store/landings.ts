/** The merge queue as rows, and what decides whether an execution's tasks need worktrees. */
import type { WorktreeOptions } from "../api/workspace-contract.ts";
import type { Database } from "./db.ts";
import type { AttemptKey } from "./engine.ts";

export type Landing = { status: "queued" | "landed" | "conflict" | "rejected"; merged: string | null; message: string | null };

/** What an execution says about worktrees, and the graph of its tasks. */
export type WorkShape = {
  worktrees: WorktreeOptions | undefined;
  maxRunning: number;
  kinds: Map<number, string>;
  edges: { dependency: number; dependent: number }[];
};

export function createLandingStore(database: Database) {
  return {
    /** Queues a commit, or tells how the landing of this attempt ended. */
    async queue(key: AttemptKey, repository: string, branch: string, head: string): Promise<Landing> {
      const rows = await database.query<Landing>({
        name: "queue_landing",
        text: "select status, merged, message from queue_landing($1, $2, $3, $4, $5, $6)",
        values: [key.executionId, key.ordinal, key.attempt, repository, branch, head],
      });
      return rows[0] as Landing;
    },
    /** How the last landing of an earlier attempt at this task ended. */
    async lastStatus(key: AttemptKey): Promise<Landing["status"] | undefined> {
      const rows = await database.query<{ status: Landing["status"] }>({
        name: "last_landing",
        text: `select status from landings where execution_id = $1 and ordinal = $2 and attempt < $3 order by attempt desc limit 1`,
        values: [key.executionId, key.ordinal, key.attempt],
      });
      return rows[0]?.status;
    },
    /** Returns false when the attempt was superseded. */
    async end(key: AttemptKey, landing: Landing): Promise<boolean> {
      const rows = await database.query<{ noted: boolean }>({
        name: "end_landing",
        text: "select end_landing($1, $2, $3, $4, $5, $6) as noted",
        values: [key.executionId, key.ordinal, key.attempt, landing.status, landing.merged, landing.message],
      });
      return rows[0]?.noted === true;
    },
    async shape(executionId: string): Promise<WorkShape> {
      const [execution] = await database.query<{ worktrees: WorktreeOptions | null; max_running: number }>({
        name: "worktree_options",
        text: "select options -> 'worktrees' as worktrees, max_running from executions where id = $1",
        values: [executionId],
      });
      const tasks = await database.query<{ ordinal: number; kind: string }>({
        name: "task_kinds",
        text: "select ordinal, kind from execution_tasks where execution_id = $1",
        values: [executionId],
      });
      const edges = await database.query<{ dependency: number; dependent: number }>({
        name: "task_edges",
        text: "select dependency, dependent from task_dependencies where execution_id = $1",
        values: [executionId],
      });
      return {
        worktrees: execution?.worktrees ?? undefined,
        maxRunning: execution?.max_running ?? 1,
        kinds: new Map(tasks.map((task) => [task.ordinal, task.kind])),
        edges,
      };
    },
  };
}

export type LandingStore = ReturnType<typeof createLandingStore>;
