import { describe, expect, it } from "vitest";
import { decideRetry } from "../../../orchestrator/domain/retry.ts";
import { createClaudeStream } from "../../../orchestrator/executors/claude-stream.ts";
import { signalOf, signalsOf } from "../../../orchestrator/governor/signals.ts";
import { RetryPolicy } from "../../../plan/model.ts";

const nowMs = 1_000_000;
const said = (line: object) => {
  const stream = createClaudeStream({ redact: (text) => text, now: () => nowMs, eventCharacters: 1e6, logFile: "" });
  const { events } = stream.take(Buffer.from(`${JSON.stringify(line)}\n`), 0, { flush: true, ended: false });
  return events.flatMap((event) => signalsOf(event, nowMs));
};

describe("what a session says about limits", () => {
  it.each([
    [
      "a refusal with the time of its reset",
      { type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt: 2_000, rateLimitType: "seven_day" } },
      [{ kind: "usage_limit", untilMs: 2_000_000, message: "seven day limit reached" }],
    ],
    [
      "the used share of all windows",
      {
        type: "rate_limit_event",
        rate_limit_info: { status: "allowed", unifiedWindows: { five_hour: { utilization: 0.4, resetsAt: 2_000 } } },
      },
      [{ kind: "window", used: 0.4, resetsAtMs: 2_000_000 }],
    ],
    [
      "a warning of an older version",
      {
        type: "rate_limit_event",
        rate_limit_info: { status: "allowed_warning", rateLimitType: "five_hour", utilization: 0.91, resetsAt: 2_000 },
      },
      [{ kind: "window", used: 0.91, resetsAtMs: 2_000_000 }],
    ],
    [
      "a retry after HTTP 429 that takes long",
      { type: "system", subtype: "api_retry", error_status: 429, retry_delay_ms: 30_000 },
      [{ kind: "rate_limit", untilMs: nowMs + 30_000, message: "too many requests (HTTP 429)" }],
    ],
    [
      "a short retry, which is the session's own",
      { type: "system", subtype: "api_retry", error_status: 429, retry_delay_ms: 500 },
      [],
    ],
    ["a retry for another reason", { type: "system", subtype: "api_retry", error_status: 529, retry_delay_ms: 30_000 }, []],
    ["anything else", { type: "assistant", message: { content: [{ type: "text", text: "usage limit reached" }] } }, []],
  ])("%s", (_what, line, expected) => {
    expect(said(line)).toEqual(expected);
  });

  it("and its end, also where that does not say until when", () => {
    const failed = { status: "failed", message: "m" } as const;
    expect(signalOf({ ...failed, failureClass: "rate_limit" }, nowMs)?.kind).toBe("rate_limit");
    expect(signalOf({ ...failed, failureClass: "usage_limit", retryAtMs: 5 }, nowMs)).toMatchObject({
      kind: "usage_limit",
      untilMs: 5,
    });
    expect(signalOf({ ...failed, failureClass: "transient" }, nowMs)).toBeUndefined();
  });
});

it("a limit that ends by itself is waited for and burns nothing, one that does not is final", () => {
  const policy = RetryPolicy.parse({ maxBackoffMs: 1000 });
  expect(decideRetry("limit", policy, 0, nowMs, 0.5, nowMs + 60_000)).toEqual({
    outcome: "retry",
    burns: false,
    delayMs: 60_500,
  });
  expect(decideRetry("limit", policy, 0, nowMs, 0.5)).toMatchObject({ outcome: "failed" });
});
