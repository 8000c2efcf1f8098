/** Checkpoints and rollbacks as rows: what was kept at the boundaries of tasks, and every time somebody went back. */
import type { Database } from "./db.ts";
import type { AttemptKey } from "./engine.ts";

export type Moment = "before" | "after";

/** What a checkpoint knows besides the row's key; `tree` is null when there is no snapshot, and `problem` says why. */
export type CheckpointState = {
  taskId: string;
  conversationId: string;
  workspace: string;
  tree: string | null;
  problem?: string;
  /** Where the branch stood that the execution's worktrees land on. */
  tip?: string;
  /** Of a checkpoint after a task. */
  outcome?: string;
  message?: string;
  summary?: string;
  sessionId?: string;
  evidence?: unknown[];
  logFile?: string;
};

export type CheckpointRow = {
  ordinal: number;
  attempt: number;
  moment: Moment;
  seq: string;
  state: CheckpointState;
  snapshot_ref: string | null;
  created_at: Date;
};

/** `tip` is where the branch that worktrees land on goes, `tipBefore` where it was. */
export type RollbackTarget = (
  | { taskId: string; ordinal: number; moment: Moment; attempt: number; seq: number }
  | { undoes: number }
) & { tip?: string; tipBefore?: string };

/** The snapshot of the files from before a rollback. */
type Undo = { tree: string; ref: string | null };

export type RollbackRow = {
  execution_id: string;
  number: number;
  status: "intended" | "done" | "failed";
  target: RollbackTarget;
  workspace: string;
  tree: string;
  undo_ref: string | null;
  undo_tree: string | null;
  created_at: Date;
};

export function createCheckpointStore(database: Database, node: string) {
  return {
    async lastSeq(executionId: string): Promise<number> {
      const rows = await database.query<{ last_seq: string }>({
        name: "last_seq",
        text: "select last_seq from executions where id = $1",
        values: [executionId],
      });
      return Number(rows[0]?.last_seq ?? 0);
    },
    /** Storing it again replaces it. */
    async save(key: AttemptKey, moment: Moment, seq: number, state: CheckpointState, ref: string | null): Promise<void> {
      await database.query({
        name: "save_checkpoint",
        text: "select save_checkpoint($1, $2, $3, $4, $5, $6::jsonb, $7)",
        values: [key.executionId, key.ordinal, key.attempt, moment, seq, JSON.stringify(state), ref],
      });
    },
    /** Oldest first. */
    list: (executionId: string) =>
      database.query<CheckpointRow>({
        name: "checkpoints",
        text: `select ordinal, attempt, moment, seq, state, snapshot_ref, created_at from checkpoints
               where execution_id = $1 order by created_at, ordinal, attempt, moment desc`,
        values: [executionId],
      }),
    /** The tree from before the first attempt at a task since then; undefined when there is none. */
    async firstTree(executionId: string, ordinal: number, since: Date | null): Promise<string | undefined> {
      const rows = await database.query<{ tree: string | null }>({
        name: "first_checkpoint",
        text: `select state ->> 'tree' as tree from checkpoints
               where execution_id = $1 and ordinal = $2 and moment = 'before' and ($3::timestamptz is null or created_at >= $3)
               order by attempt limit 1`,
        values: [executionId, ordinal, since],
      });
      return rows[0]?.tree ?? undefined;
    },
    /** Oldest first. */
    rollbacks: (executionId: string) =>
      database.query<RollbackRow>({
        name: "rollbacks",
        text: `select execution_id, number, status, target, workspace, tree, undo_ref, undo_tree, created_at from rollbacks
               where execution_id = $1 order by number`,
        values: [executionId],
      }),
    /** The tasks that going back to this event makes pending again, with the state they are in. */
    reopenedBy: (executionId: string, seq: number, keep: number | null) =>
      database.query<{ task_id: string; title: string; status: string }>({
        name: "reopened_by",
        text: `select t.task_id, p.spec ->> 'title' as title, t.status
               from reopened_by($1, tasks_since($1, $2, $3)) o join execution_tasks t on t.execution_id = $1 and t.ordinal = o.ordinal
               join executions e on e.id = $1 join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal order by t.ordinal`,
        values: [executionId, seq, keep],
      }),
    /** The tasks that undoing this rollback changes: the state they are in and the one they get back. */
    restoredBy: (executionId: string, number: number) =>
      database.query<{ task_id: string; title: string; status: string; becomes: string }>({
        name: "restored_by",
        text: `select t.task_id, p.spec ->> 'title' as title, t.status, coalesce(b.status, 'pending') as becomes
               from rollbacks r join executions e on e.id = r.execution_id join execution_tasks t on t.execution_id = r.execution_id
               join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal
               left join jsonb_populate_recordset(null::execution_tasks, r.tasks_before) b on b.ordinal = t.ordinal
               where r.execution_id = $1 and r.number = $2 and t.status <> coalesce(b.status, 'pending') order by t.ordinal`,
        values: [executionId, number],
      }),
    async begin(executionId: string, target: RollbackTarget, workspace: string, tree: string): Promise<number> {
      const rows = await database.query<{ number: number }>({
        name: "begin_rollback",
        text: "select begin_rollback($1, $2, $3::jsonb, $4, $5) as number",
        values: [executionId, node, JSON.stringify(target), workspace, tree],
      });
      return (rows[0] as { number: number }).number;
    },
    async commit(executionId: string, number: number, undo: Undo): Promise<string[]> {
      const rows = await database.query<{ tasks: string[] }>({
        name: "commit_rollback",
        text: "select commit_rollback($1, $2, $3, $4) as tasks",
        values: [executionId, number, undo.ref, undo.tree],
      });
      return rows[0]?.tasks ?? [];
    },
    async fail(executionId: string, number: number, message: string, undo: Undo | undefined): Promise<void> {
      await database.query({
        name: "fail_rollback",
        text: "select fail_rollback($1, $2, $3, $4, $5)",
        values: [executionId, number, message, undo?.ref ?? null, undo?.tree ?? null],
      });
    },
    /** Executions whose snapshots need not be kept any more, by workspace, with the refs that others still need. */
    stale: (before: Date) =>
      database.query<{ execution_id: string; workspace: string; keep: string[] }>({
        name: "stale_snapshots",
        text: "select execution_id, workspace, keep from stale_snapshots($1)",
        values: [before],
      }),
    async forget(executionId: string, workspace: string, keep: readonly string[]): Promise<void> {
      await database.query({
        name: "forget_snapshots",
        text: "select forget_snapshots($1, $2, $3)",
        values: [executionId, workspace, keep],
      });
    },
    /** Ordinals of the tasks whose worktrees are not needed any more. */
    async finishedWorktrees(executionId: string, before: Date): Promise<number[]> {
      const rows = await database.query<{ ordinal: number }>({
        name: "finished_worktrees",
        text: "select finished_worktrees as ordinal from finished_worktrees($1, $2)",
        values: [executionId, before],
      });
      return rows.map((row) => row.ordinal);
    },
    /** Rollbacks of this node that were begun and not finished: an earlier process of it was killed. */
    unfinished: () =>
      database.query<RollbackRow>({
        name: "unfinished_rollbacks",
        text: `select execution_id, number, status, target, workspace, tree, undo_ref, undo_tree, created_at from rollbacks
               where node_id = $1 and status = 'intended' order by execution_id`,
        values: [node],
      }),
  };
}

export type CheckpointStore = ReturnType<typeof createCheckpointStore>;
