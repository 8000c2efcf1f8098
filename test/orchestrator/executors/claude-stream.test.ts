import { expect, test } from "vitest";
import { judgeSession } from "../../../orchestrator/executors/claude-outcome.ts";
import { createClaudeStream } from "../../../orchestrator/executors/claude-stream.ts";

const stream = (eventCharacters = 10_000) =>
  createClaudeStream({ redact: (text) => text, now: () => 5, eventCharacters, logFile: "/logs/output.log" });
const bytes = (...lines: (object | string)[]) =>
  Buffer.from(lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
const how = { flush: false, ended: false };
const saying = (text: string) => ({ type: "assistant", message: { content: [{ type: "text", text }] } });
const ended = { exitCode: 0, signal: null };

test("unknown and broken lines are passed over, a line that is not complete waits", () => {
  const { take } = stream();
  const whole = bytes("not json", { type: "brand_new" }, "[1]", "", saying("hello"));
  expect(take(Buffer.concat([whole, Buffer.from('{"type":"assis')]), 0, how)).toEqual({
    length: whole.length,
    events: [{ type: "agent.message", data: { text: "hello" } }],
  });
});

test("texts are made storable and long ones shortened", () => {
  const { take } = stream(1e6);
  const { events } = take(
    Buffer.from(`${JSON.stringify(saying("a\0b")).replace("b", "b\\ud800")}\n${JSON.stringify(saying("x".repeat(50_000)))}\n`),
    0,
    how,
  );
  expect(events[0]?.data["text"]).toBe("a\u{FFFD}b\u{FFFD}");
  expect(String(events[1]?.data["text"]).length).toBeLessThan(17_000);
});

test("messages stop at the cap with one notice, the result still comes", () => {
  const framer = stream(100);
  const { events } = framer.take(
    bytes(saying("a".repeat(60)), saying("b".repeat(60)), saying("c"), {
      type: "result",
      subtype: "success",
      is_error: false,
      result: "end",
    }),
    0,
    how,
  );
  expect(events.map((event) => event.data["truncated"] ?? event.type)).toEqual(["agent.message", true, "agent.result"]);
});

test("cost is what came since the last result, and the total where that is not said", () => {
  const since = (cost: number) => ({ m: { costUSD: cost, inputTokens: 10 } });
  const result = { type: "result", subtype: "success", is_error: false, result: "", num_turns: 1, total_cost_usd: 9 };
  const newer = stream();
  newer.take(
    bytes(
      { ...result, modelUsage: since(9), model_usage_since_last_result: since(1) },
      { ...result, model_usage_since_last_result: since(2) },
    ),
    0,
    how,
  );
  expect(newer.state.usage).toMatchObject({ costUsd: 3, inputTokens: 20, turns: 2 });
  const older = stream();
  older.take(bytes({ ...result, modelUsage: since(4) }), 0, how);
  expect(older.state.usage).toMatchObject({ costUsd: 4, inputTokens: 10 });
});

test.each([
  ["Claude AI usage limit reached|1900000000", 1_900_000_000_000],
  ["You've hit your weekly limit · resets Monday", 1_000 + 15 * 60_000],
])("a usage limit is known by its words: %s", (text, retryAtMs) => {
  const { take, state } = stream();
  take(bytes({ type: "result", subtype: "success", is_error: true, result: text }), 0, how);
  expect(judgeSession(state, ended, "", 1_000)).toMatchObject({ status: "failed", failureClass: "usage_limit", retryAtMs });
});

test("a limit that was lifted again is not the reason of a later failure", () => {
  const { take, state } = stream();
  const limit = (status: string) => ({
    type: "rate_limit_event",
    rate_limit_info: { status, resetsAt: 1_900_000_000, rateLimitType: "five_hour" },
  });
  take(
    bytes(limit("rejected"), limit("allowed"), {
      type: "result",
      subtype: "error_during_execution",
      is_error: true,
      errors: ["boom"],
    }),
    0,
    how,
  );
  expect(judgeSession(state, ended, "", 0)).toMatchObject({ failureClass: "transient", message: "boom" });
});

test("a session without a result failed, with what it complained about", () => {
  const { state } = stream();
  expect(judgeSession(state, { exitCode: 1, signal: null }, "\nboom: no disk\nmore", 0)).toEqual({
    status: "failed",
    failureClass: "transient",
    exitCode: 1,
    message: "the session exited with code 1 without a result: boom: no disk",
  });
  expect(judgeSession(state, { exitCode: 1, signal: null }, "error: unknown option '--x'", 0)).toMatchObject({
    failureClass: "permanent",
  });
});
