/** What a caller of the client gets instead of an answer. */
import type { Problem } from "../orchestrator/api/contract.ts";

/**
 * The orchestrator's refusal, or (status 0) that it could not be asked at all: `problem.code` is then `unreachable` or `timeout`.
 * The message is for people: what is wrong and, when known, what to do.
 */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem;

  constructor(problem: Problem, cause?: unknown) {
    super(
      problem.hint === undefined ? problem.detail : `${problem.detail} ${problem.hint}`,
      cause === undefined ? {} : { cause },
    );
    this.name = "ApiError";
    this.status = problem.status;
    this.problem = problem;
  }

  /** True when the same call may well succeed later: the orchestrator was away, overloaded or restarting. */
  get retryable(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Reads a refusal; an answer that is not problem details (another program on that port, a proxy) still becomes a readable error. */
export async function errorFromResponse(response: Response, correlationId: string): Promise<ApiError> {
  const text = await response.text();
  const problem = problemIn(text);
  if (problem !== undefined) return new ApiError(problem);
  return new ApiError({
    type: "about:blank",
    title: response.statusText || "Unexpected answer",
    status: response.status,
    detail: `${response.url} answered ${response.status} with something that is not Longhaul's: ${JSON.stringify(text.slice(0, 200))}.`,
    hint: "Check that the address is that of the orchestrator.",
    code: "unexpected_answer",
    correlationId,
  });
}

function problemIn(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const known = "detail" in value && "code" in value && "status" in value && "correlationId" in value;
    return known ? (value as Problem) : undefined;
  } catch {
    return undefined;
  }
}
