/** One line about an execution, for the model's result, the task's status message and the list. */
import type { ExecutionStatusResponse } from "../orchestrator/api/contract.ts";
import { oneLine } from "./task-text.ts";

type Summarised = Pick<ExecutionStatusResponse, "executionId" | "title" | "status" | "progress"> &
  Partial<Pick<ExecutionStatusResponse, "runningTasks" | "failedTasks" | "blockers" | "eta" | "reason">>;

/** E.g. `Word counter: running, 3 of 9 tasks done (33 %), now: Build the parser.` */
export function executionSummary(execution: Summarised): string {
  const { current, total, percentage } = execution.progress;
  const failed = execution.failedTasks?.length ?? 0;
  return `${oneLine(execution.title)}: ${[
    execution.status,
    `${current} of ${total} tasks done (${Math.floor(percentage)} %)`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...currentStep(execution),
  ].join(", ")}.`;
}

/** What happens right now, short enough for a status line. */
export function stepMessage(execution: Summarised): string {
  const { current, total } = execution.progress;
  return [`${current}/${total}`, ...(currentStep(execution).length > 0 ? currentStep(execution) : [execution.status])].join(
    " · ",
  );
}

function currentStep({ runningTasks = [], blockers = [], status, reason }: Summarised): string[] {
  if (status === "paused") return ["paused"];
  const [first, ...others] = runningTasks;
  if (first !== undefined) return [`now: ${oneLine(first.title, 80)}${others.length === 0 ? "" : ` and ${others.length} more`}`];
  const [blocker] = blockers;
  if (blocker === undefined && status === "running" && reason) return [oneLine(reason, 120)];
  return blocker === undefined ? [] : [`waiting for: ${oneLine(blocker.title, 80)}`];
}
