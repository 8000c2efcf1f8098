/** An execution in the words of the tasks extension: working, input_required, completed or cancelled. */
import type { Result } from "@modelcontextprotocol/server";
import type { ExecutionStatusResponse } from "../orchestrator/api/contract.ts";
import { executionReport } from "./execution-report.ts";
import { stepMessage } from "./execution-summary.ts";
import { endedOutcome } from "./handoff-outcome.ts";
import { formsOf, type Waiting } from "./person-form.ts";
import { pollIntervalMs } from "./task-start.ts";
import { failure, success } from "./tool-result.ts";

/**
 * A failed execution is a completed task whose result is an error: `failed` would say that the protocol failed, and its text would not
 * reach the model as the outcome of the plan.
 */
export function taskState(execution: ExecutionStatusResponse, waiting: Waiting): Result {
  const base = {
    taskId: execution.executionId,
    statusMessage: stepMessage(execution),
    createdAt: execution.createdAt,
    lastUpdatedAt: latestChange(execution),
    ttlMs: null,
    pollIntervalMs,
  };
  if (execution.status === "cancelled") return { ...base, status: "cancelled" };
  if (execution.status === "completed" || execution.status === "failed") {
    return { ...base, status: "completed", result: { resultType: "complete", ...resultOf(execution) } };
  }
  if (waiting.approvals.length + waiting.actions.length > 0)
    return { ...base, status: "input_required", inputRequests: formsOf(waiting) };
  return { ...base, status: "working" };
}

function resultOf(execution: ExecutionStatusResponse): object {
  if (execution.status === "completed") return success(endedOutcome(execution));
  const report = executionReport(execution);
  const failed = report.failed.map(({ id, title }) => `- failed: ${id} ${title}`);
  return failure([report.summary, ...failed, ...(report.taskText === undefined ? [] : [report.taskText])].join("\n"));
}

function latestChange({ createdAt, startedAt, finishedAt, ...execution }: ExecutionStatusResponse): string {
  const tasks = [...execution.runningTasks, ...execution.completedTasks, ...execution.failedTasks];
  const times = [createdAt, startedAt, finishedAt, ...tasks.flatMap((task) => [task.startedAt, task.finishedAt])];
  return times.filter((time) => time !== null).reduce((latest, time) => (time > latest ? time : latest));
}
