/**
 * Every refusal of the API as RFC 9457 problem details: what is wrong, what to do, and the correlation id that the log lines of the
 * request carry. The one place where the product's errors become HTTP statuses.
 */
import { HTTPException } from "hono/http-exception";
import { type ErrorCode, LonghaulError } from "../domain/errors.ts";
import type { Problem } from "./contract.ts";

/** Refusals that only HTTP knows; the others are the domain's `LonghaulError`s. */
type DoorCode =
  | "bad_request"
  | "misdirected"
  | "method_not_allowed"
  | "unsupported_media_type"
  | "rate_limited"
  | "headers_too_large"
  | "request_timeout";

const statusOf: Record<ErrorCode | DoorCode, number> = {
  invalid_input: 400,
  invalid_plan: 422,
  not_found: 404,
  conflict: 409,
  unauthorized: 401,
  forbidden: 403,
  too_large: 413,
  unavailable: 503,
  internal: 500,
  bad_request: 400,
  misdirected: 421,
  method_not_allowed: 405,
  unsupported_media_type: 415,
  rate_limited: 429,
  headers_too_large: 431,
  request_timeout: 408,
};

const titleOf: Record<ErrorCode | DoorCode, string> = {
  invalid_input: "Invalid input",
  invalid_plan: "The plan cannot be run",
  not_found: "Not found",
  conflict: "Not possible in this state",
  unauthorized: "Not authorised",
  forbidden: "Forbidden",
  too_large: "Too large",
  unavailable: "Not available at the moment",
  internal: "Internal error",
  bad_request: "Bad request",
  misdirected: "Not a name of this orchestrator",
  method_not_allowed: "Method not allowed",
  unsupported_media_type: "Unsupported content type",
  rate_limited: "Too many requests",
  headers_too_large: "Headers too large",
  request_timeout: "Request too slow",
};

type RefusalOptions = { hint?: string; headers?: Record<string, string>; errors?: Record<string, unknown>[] };

/** A refusal with everything its answer needs. */
export class Refusal extends Error {
  readonly code: ErrorCode | DoorCode;
  readonly options: RefusalOptions;

  constructor(code: ErrorCode | DoorCode, message: string, options: RefusalOptions = {}) {
    super(message);
    this.name = "Refusal";
    this.code = code;
    this.options = options;
  }
}

/** Translates anything thrown; what is not an expected error becomes a 500 that tells nothing of the inside. */
export function refusalFrom(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof LonghaulError && error.code !== "internal") {
    const problems = error.details?.["problems"];
    return new Refusal(error.code, error.message, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      ...(Array.isArray(problems) ? { errors: problems as Record<string, unknown>[] } : {}),
      ...(error.code === "unavailable" ? { headers: { "retry-after": "1" } } : {}),
    });
  }
  if (error instanceof HTTPException && error.status < 500) return new Refusal("bad_request", error.message);
  return new Refusal("internal", "Something went wrong inside the orchestrator.", {
    hint: "Its log has the details under the correlation id of this answer.",
  });
}

export function problemOf(refusal: Refusal, correlationId: string): Problem {
  return {
    type: `urn:longhaul:problem:${refusal.code}`,
    title: titleOf[refusal.code],
    status: statusOf[refusal.code],
    detail: refusal.message,
    correlationId,
    code: refusal.code,
    ...(refusal.options.hint === undefined ? {} : { hint: refusal.options.hint }),
    ...(refusal.options.errors === undefined ? {} : { errors: refusal.options.errors }),
  };
}

export function problemResponse(refusal: Refusal, correlationId: string): Response {
  const problem = problemOf(refusal, correlationId);
  const headers = { "content-type": "application/problem+json", "x-correlation-id": correlationId, ...refusal.options.headers };
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
