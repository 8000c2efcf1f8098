/**
 * What was approved is what starts. Between a decision and the first task that it lets go ahead, the files may still change: that task then
 * is not started, and the approval is asked for again with what is there now. The first start uses the approval up; what the tasks behind
 * it change is theirs.
 *
 * Failure story. The approval is used up before the task runs. Killed before that: the next start compares again; after it: the task goes on.
 */
import type { AttemptStep } from "./attempt-step.ts";
import type { ApprovalStore } from "./store/approvals.ts";
import type { TreeState } from "./verification/tree-state.ts";

const holdName = "changed-since-approval";

/** @param treeState of the execution's workspace, as the approvals were bound to it */
export function approvedStart(
  store: Pick<ApprovalStore, "unused" | "use">,
  treeState: (folder: string) => Promise<TreeState>,
): AttemptStep {
  return async (assignment, context, next) => {
    const { executionId, ordinal, workspace, released, adopted } = assignment;
    const approvals = await store.unused(executionId, ordinal);
    if (approvals.length === 0) return next(assignment, context);
    const ids = approvals.map(({ id }) => id);
    const [latest] = approvals;
    const current = await treeState(workspace);
    const changed = latest !== undefined && (latest.commit !== current.commit || latest.tree !== current.tree);
    // Used up in the meantime: the task that did it may have changed the files by now.
    if (changed && !adopted && (await store.unused(executionId, ordinal)).some(({ id }) => id === latest.id)) {
      const message = "What was approved has changed before it could start: it needs another look.";
      const detail = { approved: { commit: latest.commit, tree: latest.tree }, now: current };
      const round = released.filter(({ name }) => name.startsWith(holdName)).length + 1;
      const hold = { name: `${holdName}-${round}`, waitFor: "approval", onDone: "continue", detail } as const;
      return { status: "held", message, hold };
    }
    await store.use(ids);
    return next(assignment, context);
  };
}
