/** Every write use-case on an execution that is there: control, and the answers of people. */
import { approvalPoint } from "../plan/approval-points.ts";
import { ExecutionStatus } from "./api/contract.ts";
import { LonghaulError } from "./domain/errors.ts";
import type { Commands } from "./service.ts";
import type { Engine } from "./store/engine.ts";
import type { ExecutionStore } from "./store/executions.ts";

export type CommandOptions = {
  engine: Engine;
  executions: ExecutionStore;
  /** What waits for an approval is decided there, so that it is bound to what it is about and kept in the audit log. */
  approvals: { decideTask(executionId: string, ordinal: number, approve: boolean, note: string | undefined): Promise<boolean> };
  /** Tells the worker of this node, and the readers, that something changed. */
  onChange(executionId: string): void;
};

export function createCommands(options: CommandOptions): Omit<Commands, "handoff"> {
  const { engine, executions } = options;

  return {
    async control(executionId, { action, taskId, fromTask, reason }) {
      if (fromTask !== undefined && (action !== "retry" || taskId !== undefined)) {
        throw new LonghaulError("invalid_input", `fromTask: '${fromTask}' goes with the action retry and without taskId`, {
          hint: "retry with taskId runs one failed task again; retry with fromTask also what already ran, and all that hangs on it.",
        });
      }
      const before = await executions.execution(executionId);
      let changed = true;
      let affectedTasks: string[] = [];
      if (action === "pause") changed = await engine.pause(before.id, reason);
      else if (action === "resume") changed = await engine.resume(before.id);
      else if (action === "cancel") changed = await engine.cancel(before.id, reason);
      else if (action === "retry") affectedTasks = await engine.retry(before.id, fromTask ?? taskId, fromTask !== undefined);
      else if (taskId === undefined) throw new LonghaulError("invalid_input", "taskId: skip needs the task to skip");
      else {
        const task = (await executions.tasks(before.id)).find((row) => row.task_id === taskId);
        if (task?.status === "awaiting_approval" || task?.spec.classifiedBy === approvalPoint) throw notSkippable(taskId);
        changed = await engine.skip(before.id, taskId);
        affectedTasks = [taskId];
      }
      options.onChange(executionId);
      const after = await executions.execution(executionId);
      return { executionId, status: ExecutionStatus.parse(after.status), changed, affectedTasks };
    },
    async completeAction(actionId, { outcome, note, minutes }) {
      const [, executionId, ordinal] = /^([0-9a-f-]{36})\.(\d+)$/.exec(actionId) ?? [];
      if (executionId === undefined) {
        throw new LonghaulError("not_found", `No action '${actionId}'`, { hint: "GET /api/actions/pending lists the ids." });
      }
      const tasks = await executions.briefs(executionId);
      const task = tasks.find((brief) => brief.ordinal === Number(ordinal));
      if (task?.status === "awaiting_approval" && outcome === "skipped") throw notSkippable(task.task_id);
      const changed =
        task?.status === "awaiting_approval"
          ? await options.approvals.decideTask(executionId, Number(ordinal), outcome === "done", note)
          : await engine.completeWaiting(executionId, Number(ordinal), outcome, note, minutes);
      options.onChange(executionId);
      const after = await executions.execution(executionId);
      return {
        executionId,
        status: ExecutionStatus.parse(after.status),
        changed,
        affectedTasks: task === undefined ? [] : [task.task_id],
      };
    },
  };
}

/** Skipping satisfies what hangs on a task, so it would be an approval that nobody gave. */
const notSkippable = (taskId: string) =>
  new LonghaulError("conflict", `task ${taskId} is an approval: it is approved or rejected, not skipped`, {
    hint: "longhaul approvals shows what waits; then longhaul approve or longhaul reject.",
  });
