/** The states and actions as schemas here need them: the contract's own schemas would load the HTTP server's libraries at start. */
import type { ControlRequest, ExecutionStatus } from "../orchestrator/api/contract.ts";

export const executionStatuses = [
  "created",
  "queued",
  "running",
  "paused",
  "blocked",
  "completed",
  "failed",
  "cancelled",
] as const satisfies readonly ExecutionStatus[];

export const controlActions = [
  "pause",
  "resume",
  "cancel",
  "retry",
  "skip",
] as const satisfies readonly ControlRequest["action"][];

/** Compile-time proof that nothing is missing above. */
type Complete<Word extends string, Listed extends string> = Word extends Listed ? true : never;
true satisfies Complete<ExecutionStatus, (typeof executionStatuses)[number]>;
true satisfies Complete<ControlRequest["action"], (typeof controlActions)[number]>;
