/** States of an execution; what leads from one to another is in `transition.ts`. */
export const executionStatuses = [
  "created",
  "queued",
  "running",
  "paused",
  "blocked",
  "completed",
  "failed",
  "cancelled",
] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];
