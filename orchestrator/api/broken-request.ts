/** What a connection gets that does not speak proper HTTP, sends too large a head or takes too long for it. */
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { DoorLog } from "./door-env.ts";
import { problemOf, Refusal } from "./problem.ts";
import { endWithAnswer } from "./raw-answer.ts";

const lingerMs = 1_000;

export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket, log: DoorLog): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const correlationId = randomUUID();
  const problem = problemOf(refusalOf(error.code), correlationId);
  log.warn({ correlationId, status: problem.status, reason: error.code }, "a broken request");
  endWithAnswer(
    socket,
    problem.status,
    { "content-type": "application/problem+json", "x-correlation-id": correlationId },
    JSON.stringify(problem),
  );
  // A sender that never reads the answer would keep the socket half open.
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

function refusalOf(code: string | undefined): Refusal {
  if (code === "HPE_HEADER_OVERFLOW") return new Refusal("headers_too_large", "The request's headers are too large.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return new Refusal("request_timeout", "The request did not arrive in time.");
  return new Refusal("bad_request", "This is not valid HTTP.");
}
