/**
 * The few kinds of failure the product knows. Each edge translates once: PostgreSQL → these in the store, these → HTTP problem
 * details in the API, these → tool results in mcp. `hint` says what to do next; `retryable` whether the same call may succeed later.
 */
export type ErrorCode =
  | "invalid_input"
  | "invalid_plan"
  | "not_found"
  | "conflict"
  | "unauthorized"
  | "forbidden"
  | "too_large"
  | "unavailable"
  | "internal";

/** An expected failure with a message that names the thing, the value received and the remedy. */
export class LonghaulError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  /** Further facts for the caller, e.g. the problems of a plan with their lines. */
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; retryable?: boolean; cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LonghaulError";
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.details = options.details;
  }
}
