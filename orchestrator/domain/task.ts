/** Task states and outcomes; what leads from one state to another is in `transition.ts`. */

export const taskStatuses = [
  "pending",
  "queued",
  "in_progress",
  "verifying",
  "awaiting_approval",
  "awaiting_human",
  "blocked",
  "retrying",
  "completed",
  "failed",
  "skipped",
  "cancelled",
] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/**
 * Why an attempt failed. Only sensible ones are retried (SPEC §3): `ambiguous` means that the outcome is unknown (the process ended in
 * the window before its supervisor could say how), `never_started` that nothing ran, which burns no attempt, and `limit` that a limit of
 * money, tokens or turns was reached.
 */
const failureClasses = [
  "transient",
  "rate_limit",
  "usage_limit",
  "timeout",
  "out_of_memory",
  "output_limit",
  "limit",
  "verification",
  "permanent",
  "ambiguous",
  "never_started",
] as const;
export type FailureClass = (typeof failureClasses)[number];

/** Tokens and money of one attempt; money in US dollars. */
export type Usage = {
  costUsd?: number;
  inputTokens?: number;
  outputTokens?: number;
  cacheReadTokens?: number;
  cacheWriteTokens?: number;
  turns?: number;
  model?: string;
  /** What it was billed to, e.g. `subscription` or `api_key`. */
  billing?: string;
};
