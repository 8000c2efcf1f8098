/**
 * The step that keeps a checkpoint before and after each task: what is known about it, and the files of its workspace.
 *
 * Failure story. The snapshot comes before the task starts and before its end is reported, so a kill in between makes one of them be taken
 * again, never lost. An attempt that an earlier orchestrator had may have changed files already: its checkpoint before is the one that was
 * stored, or none. A snapshot that cannot be taken (a file system that says no, a folder too big for the time allowed) does not stop the
 * task; the checkpoint says so.
 */
import { join } from "node:path";
import type { AttemptStep } from "../attempt-step.ts";
import { worksInWorkspace } from "../executors/agent.ts";
import { fileNames } from "../executors/attempt-files.ts";
import type { Assignment } from "../executors/executor.ts";
import type { CheckpointState, CheckpointStore, Moment } from "../store/checkpoints.ts";
import type { ExecutionTargets } from "./execution-target.ts";
import type { Snapshots } from "./snapshot.ts";

export type CheckpointOptions = {
  checkpoints: Pick<CheckpointStore, "lastSeq" | "save" | "firstTree">;
  snapshots: Snapshots;
  targets: Pick<ExecutionTargets, "tip">;
  onError(error: unknown, doing: string): void;
};

type NoSnapshot = { tree: null; ref: null; problem: string };

/** `refs/longhaul/<execution>/<ordinal>-<attempt>-before`; the same files are kept by one ref only. */
const snapshotRef = ({ executionId, ordinal, attempt }: Assignment, moment: Moment): string =>
  `refs/longhaul/${executionId}/${ordinal}-${attempt}-${moment}`;

export function checkpoints(options: CheckpointOptions): AttemptStep {
  async function keep(assignment: Assignment, moment: Moment, more: Partial<CheckpointState>): Promise<void> {
    const { workspace, taskId, conversationId } = assignment;
    const seq = await options.checkpoints.lastSeq(assignment.executionId); // asked first: what ended later is not counted as in the files
    const message = `${moment} ${taskId}, attempt ${assignment.attempt}`;
    const snapshot = await options.snapshots
      .take(workspace, snapshotRef(assignment, moment), message)
      .catch((error: unknown): NoSnapshot => {
        options.onError(error, `take a snapshot of ${workspace}`);
        return { tree: null, ref: null, problem: error instanceof Error ? error.message : String(error) };
      });
    const { ref, ...files } = snapshot;
    const tip = await options.targets.tip(assignment.executionId);
    const state = { taskId, conversationId, workspace, ...files, ...(tip === undefined ? {} : { tip }), ...more };
    await options.checkpoints.save(assignment, moment, seq, state, ref);
  }

  /** To the files from before the task's first attempt. Those that it made are in the checkpoint after it. */
  async function takeBack(assignment: Assignment): Promise<string> {
    const { executionId, ordinal, attempt, workspace } = assignment;
    if (options.snapshots.isInUse(workspace)) return "nothing was taken back, because another task works in the same folder";
    const tree = await options.checkpoints.firstTree(executionId, ordinal, null);
    if (tree === undefined) return "nothing was taken back, because there is no checkpoint before it";
    await options.snapshots.restore(workspace, tree, `refs/longhaul/${executionId}/${ordinal}-${attempt}-undo`);
    return "its changes were taken back";
  }

  return async (assignment, context, next) => {
    if (!assignment.adopted && touchesFiles(assignment)) await keep(assignment, "before", {});
    const { rollBack, ...outcome } = await options.snapshots.during(assignment.workspace, () => next(assignment, context));
    if (outcome.status === "detached" || outcome.status === "cancelled") return outcome;
    await keep(assignment, "after", {
      outcome: outcome.status,
      message: outcome.message,
      logFile: join(context.directory, fileNames.output),
      ...(outcome.summary === undefined ? {} : { summary: outcome.summary }),
      ...(outcome.sessionId === undefined ? {} : { sessionId: outcome.sessionId }),
      ...(outcome.evidence === undefined ? {} : { evidence: outcome.evidence }),
    });
    return rollBack === undefined ? outcome : { ...outcome, message: `${outcome.message}; ${await takeBack(assignment)}` };
  };
}

/** A remote agent that is not told where the workspace is cannot change it, and need not wait for a snapshot. */
const touchesFiles = ({ task }: Assignment) => task.kind !== "agent" || worksInWorkspace(task.params);
