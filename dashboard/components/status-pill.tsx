/** A state in words, with the colour of its tone: never the colour alone. */
import type { ExecutionStatus } from "../../orchestrator/api/contract.ts";
import { isRunning, statusWord, type TaskStatus, toneOfExecution, toneOfTask } from "../statuses.ts";

export function TaskPill({ status }: { status: TaskStatus }) {
  return (
    <span class="pill" data-tone={toneOfTask(status)} data-moving={isRunning(status)}>
      {statusWord(status)}
    </span>
  );
}

export function ExecutionPill({ status }: { status: ExecutionStatus }) {
  return (
    <span class="pill" data-tone={toneOfExecution(status)} data-moving={status === "running"}>
      {statusWord(status)}
    </span>
  );
}
