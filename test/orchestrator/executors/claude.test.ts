import { existsSync, readdirSync } from "node:fs";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { fileNames } from "../../../orchestrator/executors/attempt-files.ts";
import { createClaudeExecutor } from "../../../orchestrator/executors/claude.ts";
import { askClaude, findClaude } from "../../../orchestrator/executors/find-claude.ts";
import { findContainment } from "../../../orchestrator/executors/isolation.ts";
import {
  type AnswerBlock,
  claudeEnvironment,
  conversationText,
  hasToolResult,
  type Script,
  startMessagesApi,
} from "../../support/messages-api.ts";
import { createAttempt, fileText, until } from "./support/attempt.ts";

/** The native program of this platform: the package's own bin is only a stub where install scripts are not run. */
function nativeBinary(): string | undefined {
  const scope = fileURLToPath(new URL("../../../node_modules/@anthropic-ai", import.meta.url));
  const name = `claude-code-${process.platform}-${process.arch}`;
  const found = existsSync(scope) ? readdirSync(scope).find((folder) => folder === name) : undefined;
  return found === undefined ? undefined : join(scope, found, "claude");
}

const binary = nativeBinary() ?? "";
const containment = await findContainment();

async function scripted(script: Script, environment: Record<string, string | undefined> = {}) {
  const api = await startMessagesApi(script);
  const home = await mkdtemp(join(tmpdir(), "longhaul-claude-home-"));
  onTestFinished(async () => {
    await api.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  });
  const claude = createClaudeExecutor({
    binary,
    containment,
    environment: { ...claudeEnvironment(api.url, home), CLAUDE_CODE_MAX_RETRIES: "1", ...environment },
    limits: { graceMs: 2_000 },
  });
  return { api, home, claude };
}

const say = (text: string): AnswerBlock[] => [{ type: "text", text }];
const use = (name: string, input: object): AnswerBlock[] => [{ type: "tool_use", name, input }];
const claudeTask = (more: Record<string, unknown> = {}) => createAttempt({ kind: "claude", title: "Write hello.txt", ...more });

describe.runIf(binary !== "")("the real Claude Code", () => {
  test("a session writes the file, and its messages, tools, cost and session are recorded", async () => {
    const { api, claude } = await scripted((body) =>
      hasToolResult(body)
        ? say("Wrote hello.txt.")
        : [
            ...say("On it; the key is ghp_0123456789abcdef0123456789."),
            ...use("Write", { file_path: "hello.txt", content: "hello\n" }),
          ],
    );
    const attempt = await claudeTask({ description: "It says hello." });
    const outcome = await attempt.run(claude);
    expect(outcome).toMatchObject({
      status: "succeeded",
      exitCode: 0,
      summary: "Wrote hello.txt.",
      message: "finished after 2 turns",
      usage: {
        inputTokens: 200,
        outputTokens: 50,
        cacheReadTokens: 60,
        cacheWriteTokens: 40,
        turns: 2,
        model: expect.stringMatching(/^claude-/),
      },
    });
    expect(outcome.usage?.costUsd).toBeGreaterThan(0);
    expect(await readFile(join(attempt.workspace, "hello.txt"), "utf8")).toBe("hello\n");
    expect(attempt.events.map((event) => event.type)).toEqual([
      "agent.session",
      "agent.message",
      "agent.tool",
      "agent.tool_result",
      "agent.message",
      "agent.result",
    ]);
    expect(attempt.events[0]?.data["sessionId"]).toBe(outcome.sessionId);
    expect(attempt.events[1]?.data).toEqual({ text: "On it; the key is [redacted]." });
    expect(attempt.events[2]?.data).toMatchObject({ name: "Write", input: expect.stringContaining("hello.txt") });
    expect(conversationText(api.requests[0]!.body)).toContain("It says hello.");
    expect((await readFile(join(attempt.directory, fileNames.output))).length).toBe(attempt.offset());
  });

  test("a retry goes on from the session of the attempt before, and counts only its own cost", async () => {
    const { api, claude } = await scripted((_body, index) => say(`answer ${index}`));
    const first = await claudeTask({ description: "Remember the word walnut." });
    const before = await first.run(claude);
    const second = await claudeTask();
    second.assignment.workspace = first.workspace;
    const after = await second.run(claude, { previousSessionId: before.sessionId as string });
    expect(after).toMatchObject({ status: "succeeded", summary: "answer 1", usage: { inputTokens: 100, turns: 1 } });
    expect(after.usage?.costUsd).toBeCloseTo(before.usage?.costUsd as number, 6);
    expect(after.sessionId).not.toBe(before.sessionId);
    const asked = conversationText(api.requests[1]!.body);
    expect(asked).toContain("walnut");
    expect(asked).toContain("An earlier attempt at this task did not get through");
  });

  test("a session that is gone is not resumed, the task starts anew", async () => {
    const { claude } = await scripted(() => say("done"));
    const attempt = await claudeTask();
    expect(await attempt.run(claude, { previousSessionId: crypto.randomUUID() })).toMatchObject({ status: "succeeded" });
  });

  const inAnHour = Math.floor(Date.now() / 1000) + 3600;
  const usageLimit: Script = () => ({
    status: 429,
    type: "rate_limit_error",
    message: "limit",
    headers: {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": String(inAnHour),
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
      "retry-after": "3600",
      "x-should-retry": "false",
    },
  });
  const subscription = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: `sk-ant-oat01-${"a".repeat(90)}` };
  const error =
    (status: number, type: string, message: string): Script =>
    () => ({ status, type, message, headers: { "retry-after": "0" } });

  test.each<[string, Script, Record<string, unknown>, Record<string, string | undefined>, object]>([
    ["an overloaded API", error(529, "overloaded_error", "Overloaded"), {}, {}, { failureClass: "transient" }],
    ["a rate limit", error(429, "rate_limit_error", "too many requests"), {}, {}, { failureClass: "rate_limit" }],
    ["a used-up subscription", usageLimit, {}, subscription, { failureClass: "usage_limit", retryAtMs: inAnHour * 1000 }],
    [
      "a wrong key",
      error(401, "authentication_error", "invalid x-api-key"),
      {},
      {},
      { failureClass: "permanent", message: /ANTHROPIC_API_KEY/ },
    ],
    [
      "no login at all",
      error(500, "api_error", "unused"),
      {},
      { ANTHROPIC_API_KEY: undefined },
      { failureClass: "permanent", message: /Log in/ },
    ],
    [
      "no credit",
      error(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
      {},
      {},
      { failureClass: "permanent", message: /credit/i },
    ],
    [
      "an unknown model",
      error(404, "not_found_error", "model: nope"),
      { params: { model: "nope" } },
      {},
      { failureClass: "permanent", message: /model/ },
    ],
    [
      "too many turns",
      () => use("Bash", { command: "true", description: "nothing" }),
      { params: { maxTurns: 2 } },
      {},
      { failureClass: "limit", message: /maxTurns/ },
    ],
    [
      "a spent budget",
      () => use("Bash", { command: "true", description: "nothing" }),
      { limits: { usd: 0.0001 } },
      {},
      { failureClass: "limit", message: /limits\.usd/ },
    ],
    [
      "more tokens than allowed",
      () => use("Bash", { command: "sleep 0.3", description: "nothing" }),
      { limits: { tokens: 400 } },
      {},
      { failureClass: "limit", message: /^used [45]\d\d tokens, allowed were 400; raise limits\.tokens/ },
    ],
    [
      "a missing workspace",
      () => say("unused"),
      { params: { cwd: "missing" } },
      {},
      { failureClass: "permanent", message: /does not exist/ },
    ],
  ])("a session ends as it should with %s", async (_case, script, task, environment, expected) => {
    const { claude } = await scripted(script, environment);
    const attempt = await claudeTask(task);
    const { message, ...facts } = expected as { message?: RegExp };
    const outcome = await attempt.run(claude);
    expect(outcome).toMatchObject({ status: "failed", ...facts });
    if (message !== undefined) expect(outcome.message).toMatch(message);
    expect(attempt.marked()).toEqual([]);
  });

  test("a cancelled session takes its running tools along", async () => {
    const { claude } = await scripted(() =>
      use("Bash", { command: "touch running; setsid sleep 1000 & sleep 1000", description: "long" }),
    );
    const attempt = await claudeTask();
    const running = attempt.run(claude);
    await until("the tool", () => existsSync(join(attempt.workspace, "running")));
    attempt.stop("cancelled");
    expect(await running).toMatchObject({ status: "cancelled", sessionId: expect.any(String) });
    expect(attempt.marked()).toEqual([]);
  });

  test("a session that was let go of is attached to again and ends with the whole account", async () => {
    const { claude } = await scripted((body) =>
      hasToolResult(body)
        ? say("All done.")
        : use("Bash", { command: "touch running; while [ ! -e go ]; do sleep 0.05; done", description: "wait" }),
    );
    const attempt = await claudeTask();
    const running = attempt.run(claude);
    await until(
      "the tool",
      () => existsSync(join(attempt.workspace, "running")) && attempt.events.some((event) => event.type === "agent.tool"),
    );
    attempt.stop("detach");
    expect(await running).toMatchObject({ status: "detached" });
    const pid = fileText(join(attempt.directory, fileNames.pid));
    const again = attempt.run(claude, { adopted: true });

    await writeFile(join(attempt.workspace, "go"), "");
    expect(await again).toMatchObject({
      status: "succeeded",
      summary: "All done.",
      usage: { turns: 2, model: expect.stringMatching(/^claude-/) },
    });
    expect(fileText(join(attempt.directory, fileNames.pid))).toBe(pid);
    expect(attempt.events.filter((event) => event.type === "agent.tool")).toHaveLength(1);
  });

  test("a session sees no other session's marks and no secrets of the orchestrator", async () => {
    const { claude } = await scripted(
      (body) => (hasToolResult(body) ? say("done") : use("Bash", { command: "env > seen.txt", description: "look" })),
      { CLAUDE_CODE_SESSION_ID: "another-session", DATABASE_URL: "postgres://secret", LONGHAUL_TOKEN: "token-0123456789abcdef" },
    );
    const attempt = await claudeTask();
    await attempt.run(claude);
    const seen = await readFile(join(attempt.workspace, "seen.txt"), "utf8");
    expect(seen).not.toContain("another-session");
    expect(seen).not.toContain("DATABASE_URL");
    expect(seen).not.toContain("LONGHAUL_TOKEN");
    expect(seen).toContain(`LONGHAUL_EXECUTION_ID=${attempt.assignment.executionId}`);
  });

  test("the program is found on the search path with its version", async () => {
    const found = await findClaude(["relative", "/nowhere", dirname(binary)].join(delimiter));
    expect(found).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    await access(found?.path as string);
  });
});

test("what is not Claude Code is not taken for it", async () => {
  expect(await findClaude("/nowhere")).toBeUndefined();
  expect(await findClaude(undefined)).toBeUndefined();
  expect(await askClaude("/bin/echo")).toBeUndefined();
});
