/**
 * Going back to a checkpoint: files and state together, shown first, and to be undone.
 *
 * The order makes it recoverable (sql/0005): the intent is a row, then the files are put back after a snapshot of what is there, then state
 * and event follow in one transaction. `recover` does the rest of what a killed process began. Going back leaves the execution paused.
 */
import { ExecutionStatus } from "../api/contract.ts";
import type { CheckpointsAnswer, RollbackAnswer, RollbackRequest } from "../api/workspace-contract.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { CheckpointRow, CheckpointStore, RollbackRow, RollbackTarget } from "../store/checkpoints.ts";
import type { ExecutionStore } from "../store/executions.ts";
import type { ExecutionTargets } from "./execution-target.ts";
import { emptyTree, type Snapshot, type Snapshots } from "./snapshot.ts";

export type RollbackOptions = {
  checkpoints: CheckpointStore;
  executions: Pick<ExecutionStore, "execution" | "briefs">;
  snapshots: Snapshots;
  targets: Pick<ExecutionTargets, "tip" | "returnTo">;
  /** Tells readers that something changed. */
  onChange(executionId: string): void;
  onError(error: unknown, doing: string): void;
};

/** Where a rollback goes, before anything is changed. */
type Way = {
  target: RollbackTarget;
  workspace: string;
  tree: string;
  seq: number;
  tasks: { id: string; title: string; status: string; becomes: string }[];
};

export type Rollbacks = ReturnType<typeof createRollbacks>;

export function createRollbacks(options: RollbackOptions) {
  const { checkpoints, executions, snapshots } = options;

  async function wayTo(executionId: string, to: string, moment: "before" | "after", asked: number | undefined): Promise<Way> {
    const [rows, briefs] = await Promise.all([checkpoints.list(executionId), executions.briefs(executionId)]);
    const task = briefs.find((brief) => brief.task_id === to);
    if (task === undefined) {
      throw new LonghaulError("not_found", `to: there is no task '${to}' in execution ${executionId}`, {
        hint: "longhaul checkpoints ID lists what one can go back to.",
      });
    }
    const fits = (row: CheckpointRow) =>
      row.ordinal === task.ordinal &&
      row.moment === moment &&
      (asked === undefined || row.attempt === asked) &&
      (moment === "before" || row.state.outcome === "succeeded");
    const found = rows.filter(fits).at(-1);
    if (moment === "after" && task.status !== "completed") {
      throw new LonghaulError("conflict", `to: task '${to}' is ${task.status}, one can go back to the end of a completed task`, {
        hint: "Go back to before it (CLI: --before), or choose a task that completed.",
      });
    }
    if (found === undefined) {
      throw new LonghaulError("conflict", `to: there is no checkpoint ${moment} task '${to}'`, {
        hint: "longhaul checkpoints ID lists what one can go back to.",
      });
    }
    const { state, snapshot_ref: ref } = found;
    if (state.tree === null || (ref === null && state.tree !== emptyTree)) {
      throw new LonghaulError(
        "conflict",
        `The checkpoint ${moment} task '${to}' has no files: ${state.problem ?? "its snapshot was cleaned up"}`,
      );
    }
    const seq = Number(found.seq);
    const reopened = await checkpoints.reopenedBy(executionId, seq, moment === "after" ? task.ordinal : null);
    return {
      target: {
        taskId: to,
        ordinal: task.ordinal,
        moment,
        attempt: found.attempt,
        seq,
        ...(state.tip === undefined ? {} : { tip: state.tip }),
      },
      workspace: state.workspace,
      tree: state.tree,
      seq,
      tasks: reopened.map((row) => ({ id: row.task_id, title: row.title, status: row.status, becomes: "pending" })),
    };
  }

  async function wayBack(executionId: string): Promise<Way> {
    const last = (await checkpoints.rollbacks(executionId)).findLast(
      (row) => row.status !== "intended" && row.undo_tree !== null,
    );
    if (last === undefined || last.undo_tree === null) {
      throw new LonghaulError("conflict", `Execution ${executionId} was not rolled back: there is nothing to undo`);
    }
    const tasks = await checkpoints.restoredBy(executionId, last.number);
    return {
      target: { undoes: last.number, ...(last.target.tipBefore === undefined ? {} : { tip: last.target.tipBefore }) },
      workspace: last.workspace,
      tree: last.undo_tree,
      seq: 0,
      tasks: tasks.map((row) => ({ id: row.task_id, title: row.title, status: row.status, becomes: row.becomes })),
    };
  }

  /** Files, then state. Repeatable. */
  async function goThrough(
    row: Pick<RollbackRow, "execution_id" | "number" | "target" | "workspace" | "tree">,
  ): Promise<string[]> {
    const undoRef = `refs/longhaul/${row.execution_id}/rollback-${row.number}`;
    let undo: Snapshot | undefined;
    try {
      undo = await snapshots.keepForUndo(row.workspace, row.tree, undoRef);
      // The files of the user's worktree follow their branch where that is checked out; the snapshot then has the last word.
      if (row.target.tip !== undefined) await options.targets.returnTo(row.execution_id, row.target.tip);
      await snapshots.restore(row.workspace, row.tree, undoRef);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      await checkpoints.fail(row.execution_id, row.number, message, undo);
      options.onChange(row.execution_id);
      throw new LonghaulError("conflict", `The files of ${row.workspace} could not be put back: ${message}`, {
        hint: undo === undefined ? "Nothing was changed." : "longhaul rollback ID --undo brings back what was there.",
        cause: error,
      });
    }
    const tasks = await checkpoints.commit(row.execution_id, row.number, undo);
    options.onChange(row.execution_id);
    return tasks;
  }

  return {
    async list(executionId: string): Promise<CheckpointsAnswer> {
      const execution = await executions.execution(executionId);
      const [rows, rollbacks] = await Promise.all([checkpoints.list(execution.id), checkpoints.rollbacks(execution.id)]);
      return {
        checkpoints: rows.map((row) => ({
          taskId: row.state.taskId,
          attempt: row.attempt,
          moment: row.moment,
          seq: Number(row.seq),
          at: row.created_at.toISOString(),
          workspace: row.state.workspace,
          tree: row.state.tree,
          ref: row.snapshot_ref,
          problem: row.state.problem ?? null,
          outcome: row.state.outcome ?? null,
        })),
        rollbacks: rollbacks.map((row) => ({
          number: row.number,
          status: row.status,
          target: "undoes" in row.target ? `undo ${row.target.undoes}` : `${row.target.moment} ${row.target.taskId}`,
          at: row.created_at.toISOString(),
          undoRef: row.undo_ref,
        })),
      };
    },
    /** @throws LonghaulError conflict while tasks run, or when there is nothing to go back to */
    async rollback(executionId: string, request: RollbackRequest): Promise<RollbackAnswer> {
      const execution = await executions.execution(executionId);
      if ((request.to === undefined) !== request.undo) {
        throw new LonghaulError("invalid_input", "Give either to (a task) or undo: true", {
          hint: "longhaul rollback ID TASK goes back, longhaul rollback ID --undo takes the last one back.",
        });
      }
      const way =
        request.to === undefined
          ? await wayBack(execution.id)
          : await wayTo(execution.id, request.to, request.moment, request.attempt);
      const files = await snapshots.compare(way.workspace, way.tree).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        throw new LonghaulError("conflict", `The files of ${way.workspace} cannot be compared: ${why}`, { cause: error });
      });
      const answer = {
        executionId: execution.id,
        workspace: way.workspace,
        files: files.slice(0, 1000),
        fileCount: files.length,
        tasks: way.tasks,
        eventsSince: way.seq === 0 ? 0 : Number(execution.last_seq) - way.seq,
      };
      if (request.dryRun) return { ...answer, dryRun: true, status: ExecutionStatus.parse(execution.status), number: null };
      const tipBefore = await options.targets.tip(execution.id);
      const target = { ...way.target, ...(tipBefore === undefined ? {} : { tipBefore }) };
      const number = await checkpoints.begin(execution.id, target, way.workspace, way.tree);
      await goThrough({ execution_id: execution.id, number, target, workspace: way.workspace, tree: way.tree });
      const after = await executions.execution(execution.id);
      return { ...answer, dryRun: false, status: ExecutionStatus.parse(after.status), number };
    },
    /** Does the rest of what an earlier process of this node began; called once at start, before tasks are claimed. */
    async recover(): Promise<void> {
      for (const row of await checkpoints.unfinished()) {
        await goThrough(row).catch((error: unknown) => options.onError(error, `finish the rollback of ${row.execution_id}`));
      }
    },
  };
}
