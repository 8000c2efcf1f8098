/** Reads the lines of `claude --output-format stream-json`: events for the log, and what the outcome is made of. Unknown lines are ignored. */
import { answerUsd } from "../domain/prices.ts";
import type { Usage } from "../domain/task.ts";
import type { AttemptEvent } from "./executor.ts";
import { type Framer, largestRead } from "./output.ts";

export type ClaudeResult = {
  subtype: string;
  isError: boolean;
  text: string;
  errors: string[];
  apiStatus: number | undefined;
  atMs: number;
};

/** Everything the stream said that matters for the outcome. */
export type ClaudeState = {
  sessionId: string | undefined;
  result: ClaudeResult | undefined;
  usage: Usage;
  /** Tokens of all answers so far, read and written ones, cached or not; `usage` is known only with the result. */
  tokensSoFar: number;
  /** What they cost by list price. */
  usdSoFar: number;
  /** The kind of API error of the last failed answer, in Claude Code's words, e.g. `authentication_failed`. */
  apiError: string | undefined;
  /** When the account's limit ends, from the last refusal. */
  limitedUntilMs: number | undefined;
};

const tokenNames = ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
const longestText = 16 * 1024;
const longestDetail = 2 * 1024;

type Json = Record<string, unknown>;

export type ClaudeStreamOptions = {
  redact(text: string): string;
  now(): number;
  /** Characters of messages and tool calls that become events; sessions, limits and results always do. */
  eventCharacters: number;
  logFile: string;
};

/** A framer for one attempt's stdout whose `state` grows with every line. Replaying the recorded part rebuilds it after a restart. */
export function createClaudeStream(options: ClaudeStreamOptions): Framer & { state: ClaudeState } {
  const state: ClaudeState = {
    sessionId: undefined,
    result: undefined,
    usage: {},
    tokensSoFar: 0,
    usdSoFar: 0,
    apiError: undefined,
    limitedUntilMs: undefined,
  };
  let written = 0;
  let counted = { message: "", tokens: 0, usd: 0 };

  const clean = (value: unknown, longest: number): string => {
    const text = options.redact(typeof value === "string" ? value : (JSON.stringify(value) ?? "")).replaceAll("\0", "\u{FFFD}");
    return (text.length > longest ? `${text.slice(0, longest)}…` : text).toWellFormed();
  };

  /** Keeps within the cap; the event that passes it says where the rest is. */
  function within(events: AttemptEvent[]): AttemptEvent[] {
    return events.flatMap((event) => {
      if (written > options.eventCharacters) return [];
      written += JSON.stringify(event.data).length;
      if (written <= options.eventCharacters) return [event];
      return [{ type: "agent.message", data: { text: `[further messages are only in ${options.logFile}]`, truncated: true } }];
    });
  }

  function readLine(line: Json): AttemptEvent[] {
    switch (line["type"]) {
      case "system":
        return readSystem(line);
      case "assistant":
        return within(readAssistant(line));
      case "user":
        return within(readToolResults(line));
      case "rate_limit_event":
        return readRateLimit(asObject(line["rate_limit_info"]));
      case "result":
        return readResult(line);
      default:
        return [];
    }
  }

  function readSystem(line: Json): AttemptEvent[] {
    if (line["subtype"] === "init") {
      state.sessionId = asText(line["session_id"]) ?? state.sessionId;
      const model = asText(line["model"]);
      if (model !== undefined) state.usage.model = model;
      const data = {
        sessionId: state.sessionId,
        model,
        version: line["claude_code_version"],
        permissionMode: line["permissionMode"],
      };
      return [{ type: "agent.session", data }];
    }
    if (line["subtype"] === "api_retry") {
      const { attempt, max_retries: maxRetries, retry_delay_ms: delayMs, error_status: httpStatus, error } = line;
      return [{ type: "agent.rate_limit", data: { status: "retrying", attempt, maxRetries, delayMs, httpStatus, error } }];
    }
    return [];
  }

  function readAssistant(line: Json): AttemptEvent[] {
    countTokens(asObject(line["message"]));
    if (line["is_api_error_message"] === true) state.apiError = asText(line["error"]);
    const subagent = typeof line["parent_tool_use_id"] === "string" ? { subagent: line["parent_tool_use_id"] } : {};
    return blocksOf(line).flatMap((block): AttemptEvent[] => {
      if (block["type"] === "text")
        return [{ type: "agent.message", data: { text: clean(block["text"], longestText), ...subagent } }];
      if (block["type"] !== "tool_use") return [];
      const { id, name, input } = block;
      return [{ type: "agent.tool", data: { id, name, input: clean(input, longestDetail), ...subagent } }];
    });
  }

  /** One answer comes as several lines, each with what the whole has used so far. */
  function countTokens({ id, usage, model }: Json): void {
    const message = asText(id) ?? "";
    const [input = 0, output = 0, cacheRead = 0, cacheWrite = 0] = tokenNames.map((name) => Number(asObject(usage)[name] ?? 0));
    const tokens = input + output + cacheRead + cacheWrite;
    const usd = answerUsd(asText(model) ?? "", { input, output, cacheRead, cacheWrite });
    const before = message === counted.message ? counted : { tokens: 0, usd: 0 };
    counted = { message, tokens: Math.max(tokens, before.tokens), usd: Math.max(usd, before.usd) };
    state.tokensSoFar += counted.tokens - before.tokens;
    state.usdSoFar += counted.usd - before.usd;
  }

  function readToolResults(line: Json): AttemptEvent[] {
    return blocksOf(line).flatMap((block): AttemptEvent[] => {
      if (block["type"] !== "tool_result") return [];
      const parts = Array.isArray(block["content"])
        ? block["content"].map((part) => asText(asObject(part)["text"]) ?? "[not text]")
        : undefined;
      const text = clean(parts?.join("\n") ?? block["content"], longestDetail);
      return [{ type: "agent.tool_result", data: { id: block["tool_use_id"], isError: block["is_error"] === true, text } }];
    });
  }

  function readRateLimit(info: Json): AttemptEvent[] {
    const resetsAtMs = typeof info["resetsAt"] === "number" ? info["resetsAt"] * 1000 : undefined;
    state.limitedUntilMs = info["status"] === "rejected" ? resetsAtMs : undefined;
    const window = fiveHourWindow(info);
    const data = { status: info["status"], limit: info["rateLimitType"], resetsAtMs, ...(window && { window }) };
    return [{ type: "agent.rate_limit", data }];
  }

  function readResult(line: Json): AttemptEvent[] {
    const errors = Array.isArray(line["errors"]) ? line["errors"].map((error) => clean(error, longestDetail)) : [];
    const apiStatus = typeof line["api_error_status"] === "number" ? line["api_error_status"] : undefined;
    const subtype = asText(line["subtype"]) ?? "unknown";
    const isError = line["is_error"] === true;
    const text = clean(line["result"] ?? "", longestText);
    state.result = { subtype, isError, text, errors, apiStatus, atMs: options.now() };
    state.sessionId = asText(line["session_id"]) ?? state.sessionId;
    addUsage(state.usage, line);
    const { costUsd, turns } = state.usage;
    return [
      { type: "agent.result", data: { subtype, isError, text, ...(errors.length === 0 ? {} : { errors }), costUsd, turns } },
    ];
  }

  return {
    state,
    take(bytes, _offset, { ended }) {
      const events: AttemptEvent[] = [];
      let end = bytes.lastIndexOf(10) + 1;
      if (ended || (end === 0 && bytes.length >= largestRead)) end = bytes.length;
      for (let start = 0; start < end; ) {
        const newline = bytes.indexOf(10, start);
        const lineEnd = newline === -1 || newline >= end ? end : newline;
        const line = parse(bytes.subarray(start, lineEnd).toString("utf8"));
        if (line !== undefined) events.push(...readLine(line));
        start = lineEnd + 1;
      }
      return { length: end, events };
    },
  };
}

/**
 * Adds what one `result` reports. A resumed session's totals hold the cost of the attempts before it as well, so the part since the last
 * result is what counts; versions that do not report it have only the totals.
 */
function addUsage(usage: Usage, line: Json): void {
  const since = line["model_usage_since_last_result"];
  const models = Object.values(asObject(since ?? line["modelUsage"])).map(asObject);
  const sum = (name: string) => models.reduce((total, model) => total + (typeof model[name] === "number" ? model[name] : 0), 0);
  const add = (before: number | undefined, more: number) => (since === undefined ? more : (before ?? 0) + more);
  usage.costUsd = add(usage.costUsd, sum("costUSD"));
  usage.inputTokens = add(usage.inputTokens, sum("inputTokens"));
  usage.outputTokens = add(usage.outputTokens, sum("outputTokens"));
  usage.cacheReadTokens = add(usage.cacheReadTokens, sum("cacheReadInputTokens"));
  usage.cacheWriteTokens = add(usage.cacheWriteTokens, sum("cacheCreationInputTokens"));
  if (typeof line["num_turns"] === "number") usage.turns = (usage.turns ?? 0) + line["num_turns"];
}

/** How much of a subscription's five-hour window is used; newer versions say it of all windows, older ones of the one that is short. */
function fiveHourWindow(info: Json): { used: number; resetsAtMs: number } | undefined {
  const own = info["rateLimitType"] === "five_hour" ? info : {};
  const { utilization, resetsAt } = { ...own, ...asObject(asObject(info["unifiedWindows"])["five_hour"]) };
  return typeof utilization === "number" && typeof resetsAt === "number"
    ? { used: utilization, resetsAtMs: resetsAt * 1000 }
    : undefined;
}

function parse(line: string): Json | undefined {
  try {
    return asObject(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function blocksOf(line: Json): Json[] {
  const { content } = asObject(line["message"]);
  return Array.isArray(content) ? content.map(asObject) : [];
}

function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
