/** What a Claude session's own result means for its attempt. Pure. */
import type { ClaudeState } from "./claude-stream.ts";
import type { Outcome } from "./executor.ts";
import { exitFacts, type OwnEnd } from "./process-outcome.ts";

type Failure = Pick<Outcome, "failureClass" | "message" | "retryAtMs">;

/** When a usage limit does not say when it ends, this is when it is tried again. */
const blindWaitMs = 15 * 60_000;
const longestSummary = 8 * 1024;

/**
 * @param complaint last lines of stderr, for sessions that ended without a result
 * @param mostTokens the task's limit; a session that passed it was ended after the answer that did
 */
export function judgeSession(
  state: ClaudeState,
  own: OwnEnd,
  complaint: string,
  nowMs: number,
  mostTokens = Number.POSITIVE_INFINITY,
): Outcome {
  const { result } = state;
  const common = {
    ...exitFacts(own),
    ...(state.sessionId === undefined ? {} : { sessionId: state.sessionId }),
    ...(Object.keys(state.usage).length === 0 ? {} : { usage: state.usage }),
    ...(result === undefined || result.text === "" ? {} : { summary: result.text.slice(-longestSummary).toWellFormed() }),
  };
  if (result !== undefined && !result.isError && result.subtype === "success") {
    const turns = state.usage.turns ?? 1;
    return { status: "succeeded", message: `finished after ${turns} ${turns === 1 ? "turn" : "turns"}`, ...common };
  }
  if (result === undefined && state.tokensSoFar > mostTokens) {
    const message = `used ${state.tokensSoFar} tokens, allowed were ${mostTokens}; raise limits.tokens of the task and retry it`;
    return {
      status: "failed",
      failureClass: "limit",
      message,
      ...common,
      usage: { ...state.usage, inputTokens: state.tokensSoFar },
    };
  }
  const failure = result === undefined ? failureWithoutResult(own, complaint) : failureOf(state, result, nowMs);
  return { status: "failed", ...failure, ...common };
}

function failureOf(state: ClaudeState, result: NonNullable<ClaudeState["result"]>, nowMs: number): Failure {
  const said = firstLine(result.errors[0] ?? result.text) || result.subtype;
  if (result.subtype === "error_max_turns") {
    return {
      failureClass: "limit",
      message: `${said}; raise params.maxTurns of the task and retry it, the session goes on from there`,
    };
  }
  if (result.subtype === "error_max_budget_usd") {
    return { failureClass: "limit", message: `${said}; raise limits.usd of the task and retry it` };
  }
  const limit = usageLimit(state, said, nowMs);
  if (limit !== undefined) return limit;
  const { apiStatus } = result;
  switch (state.apiError) {
    case "authentication_failed":
      return {
        failureClass: "permanent",
        message: `${said}. Log in by running \`claude\` as the user that Longhaul runs as, or give the orchestrator ANTHROPIC_API_KEY, then retry`,
      };
    case "billing_error":
      return { failureClass: "permanent", message: `${said}. Add credit to the account, then retry` };
    case "model_not_found":
      return { failureClass: "permanent", message: said };
    case "rate_limit":
      return { failureClass: "rate_limit", message: said };
  }
  if (apiStatus === 429) return { failureClass: "rate_limit", message: said };
  if (apiStatus !== undefined && apiStatus < 500 && apiStatus !== 408 && apiStatus !== 409)
    return { failureClass: "permanent", message: said };
  return { failureClass: "transient", message: said };
}

/** A subscription's limit: refused with a time, or recognised by its words. */
function usageLimit(state: ClaudeState, said: string, nowMs: number): Failure | undefined {
  const stamped = /limit reached\|(\d{10})/.exec(said)?.[1];
  const inWords = stamped !== undefined || /\bhit your\b.*\blimit\b|\busage limit reached\b/i.test(said);
  const refused = state.limitedUntilMs !== undefined && (state.apiError === "rate_limit" || inWords);
  if (!refused && !inWords) return undefined;
  const untilMs = state.limitedUntilMs ?? (stamped === undefined ? nowMs + blindWaitMs : Number(stamped) * 1000);
  return { failureClass: "usage_limit", message: said, retryAtMs: untilMs };
}

function failureWithoutResult(own: OwnEnd, complaint: string): Failure {
  const how = own.signal === null ? `exited with code ${own.exitCode}` : `was ended by ${own.signal}`;
  const message = `the session ${how} without a result${complaint === "" ? "" : `: ${firstLine(complaint)}`}`;
  const broken = own.exitCode === 126 || own.exitCode === 127 || /unknown option|cannot be used with root/.test(complaint);
  return { failureClass: broken ? "permanent" : "transient", message };
}

function firstLine(text: string): string {
  return (
    text
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim()
      .slice(0, 500) ?? ""
  );
}
