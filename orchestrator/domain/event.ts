/** The vocabulary of `execution_events.type`. One list, so that readers, metrics and tests agree on the words. */
export const eventTypes = [
  "execution.created",
  "execution.started",
  "execution.paused",
  "execution.halted",
  "execution.resumed",
  "execution.blocked",
  "execution.completed",
  "execution.failed",
  "execution.cancelled",
  "execution.retried",
  "execution.edited",
  "execution.rolled_back",
  "execution.rated",
  "task.rated",
  "phase.completed",
  "task.queued",
  "task.started",
  "task.adopted",
  "task.isolated",
  "task.released",
  "task.output",
  "task.progress",
  "task.artifact",
  "task.verifying",
  "task.verified",
  "task.fixing",
  "task.reviewed",
  "gate.passed",
  "gate.failed",
  "gate.warned",
  "task.landed",
  "task.completed",
  "task.failed",
  "task.retrying",
  "task.awaiting_human",
  "task.awaiting_approval",
  "task.blocked",
  "task.skipped",
  "task.cancelled",
  "approval.requested",
  "approval.unanswered",
  "approval.expiring",
  "approval.expired",
  "approval.approved",
  "approval.rejected",
  "agent.assigned",
  "agent.session",
  "agent.message",
  "agent.tool",
  "agent.tool_result",
  "agent.rate_limit",
  "agent.result",
  "governor.suspended",
  "governor.resumed",
  "budget.warning",
  "budget.exhausted",
  "budget.raised",
  "health.warning",
  "health.recovered",
] as const;
export type EventType = (typeof eventTypes)[number];

/** A row of the append-only log: `seq` counts 1..n without a gap inside one execution. */
export type ExecutionEvent = {
  executionId: string;
  seq: number;
  type: EventType;
  taskId: string | null;
  attempt: number | null;
  at: string;
  data: Record<string, unknown>;
};
