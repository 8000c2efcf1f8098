/** Tasks of kind content against scripted models that speak the real protocols. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClaudeExecutor } from "../../../orchestrator/executors/claude.ts";
import { asSession, createContentByClaude } from "../../../orchestrator/executors/content-by-claude.ts";
import { findContainment } from "../../../orchestrator/executors/isolation.ts";
import { contentSettings } from "../../../orchestrator/executors/program-settings.ts";
import { claudeBinary } from "../../support/claude-code.ts";
import { claudeEnvironment, conversationText, hasToolResult, startMessagesApi } from "../../support/messages-api.ts";
import { createAttempt } from "./support/attempt.ts";
import { startHttpServer } from "./support/http-server.ts";
import { programWith } from "./support/programs.ts";

const writer = (provider: "anthropic" | "openai", baseUrl: string, model: string) =>
  programWith({ kind: "content", settings: contentSettings({ provider, baseUrl, model, apiKey: "key-of-the-model-account" }) });

describe("a content task", () => {
  it("has Claude write, keeps the text, and counts what it cost", async () => {
    const api = await startMessagesApi(() => [{ type: "text", text: "# News\n\nIt is ready." }]);
    onTestFinished(api.close);
    const attempt = await createAttempt(
      { title: "Write the news", kind: "content", params: { files: ["facts.md"], saveAs: "out/news.md", mostTokens: 100 } },
      [{ taskId: "0", title: "Facts", summary: "Version 2 is out" }],
    );
    await writeFile(join(attempt.workspace, "facts.md"), "42 tests");
    const used: unknown[] = [];
    const outcome = await attempt.run({
      kind: "content",
      run: (assignment, context) =>
        writer("anthropic", api.url, "claude-sonnet-4-5").run(assignment, { ...context, onUsage: (soFar) => used.push(soFar) }),
    });
    expect(outcome).toMatchObject({
      status: "succeeded",
      summary: expect.stringMatching(/^# News/),
      usage: { inputTokens: 100, outputTokens: 25, cacheReadTokens: 30, cacheWriteTokens: 20 },
    });
    expect(outcome.usage?.costUsd).toBeCloseTo((100 + 3 + 25) * 3e-6 + 25 * 15e-6, 9);
    expect(used).toEqual([{ usd: outcome.usage?.costUsd, tokens: 175 }]);
    expect(await readFile(join(attempt.workspace, "out/news.md"), "utf8")).toBe("# News\n\nIt is ready.\n");
    const [request] = api.requests;
    expect(request?.headers["x-api-key"]).toBe("key-of-the-model-account");
    expect(request?.body).toMatchObject({
      model: "claude-sonnet-4-5",
      max_tokens: 100,
      system: expect.stringContaining("invent no"),
    });
    const said = conversationText(request?.body ?? { model: "", messages: [] });
    for (const text of ["Write the news", "Version 2 is out", "42 tests"]) expect(said).toContain(text);
    expect(JSON.stringify(attempt.events)).not.toContain("key-of-the-model-account");
  });

  it("of which a person does the last step waits for that with the text", async () => {
    const server = await startHttpServer((_seen, response) => {
      const answer = {
        model: "small",
        choices: [{ message: { content: "We are live" }, finish_reason: "stop" }],
        usage: { prompt_tokens: 12, completion_tokens: 3 },
      };
      response.end(JSON.stringify(answer));
    });
    const attempt = await createAttempt({
      title: "Post the launch on Reddit",
      kind: "content",
      automation: "SEMI_AUTO",
      params: { prompt: "Two sentences" },
    });
    const outcome = await attempt.run(writer("openai", `${server.url}/v1`, "small"));
    expect(outcome).toMatchObject({
      status: "held",
      message: expect.stringContaining("a person posts it"),
      usage: { inputTokens: 12, outputTokens: 3 },
      hold: { name: "last-step", waitFor: "human", onDone: "complete", detail: { text: "We are live" } },
    });
    expect(server.seen[0]).toMatchObject({
      url: "/v1/chat/completions",
      headers: { authorization: "Bearer key-of-the-model-account" },
    });
    expect(JSON.parse(server.seen[0]?.body ?? "")).toMatchObject({
      model: "small",
      messages: [{ role: "system" }, { content: "Two sentences" }],
    });
  });

  it.each([
    [429, { "retry-after": "3" }, "rate_limit"],
    [529, {}, "transient"],
    [401, {}, "permanent"],
  ])("whose model answers %i with %j fails as %s", async (status, headers, failureClass) => {
    const api = await startMessagesApi(() => ({ status, headers: headers as Record<string, string>, message: "not now" }));
    onTestFinished(api.close);
    const attempt = await createAttempt({ kind: "content" });
    expect(await attempt.run(writer("anthropic", api.url, "claude-x"))).toMatchObject({
      status: "failed",
      failureClass,
      message: `claude-x answered ${status}: not now`,
    });
  });
});

describe.runIf(claudeBinary() !== undefined)("a content task without a model of its own", () => {
  it("is written by a Claude Code session, and its last step is a person's all the same", async () => {
    const api = await startMessagesApi((body) =>
      hasToolResult(body)
        ? [{ type: "text", text: "Done." }]
        : [{ type: "tool_use", name: "Write", input: { file_path: "out/post.md", content: "We are live\n" } }],
    );
    const home = await mkdtemp("/tmp/longhaul-claude-home-");
    onTestFinished(async () => {
      await api.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    });
    const claude = createClaudeExecutor({
      binary: claudeBinary() ?? "",
      containment: await findContainment(),
      environment: claudeEnvironment(api.url, home),
    });
    const kept: unknown[] = [];
    const writer = createContentByClaude({
      claude,
      outside: { keepArtifacts: (_key, files) => Promise.resolve(void kept.push(...files)) },
    });
    const attempt = await createAttempt({
      title: "Post the launch on Reddit",
      kind: "content",
      automation: "SEMI_AUTO",
      params: { prompt: "Two sentences", saveAs: "out/post.md" },
    });
    const outcome = await attempt.run({
      kind: "content",
      run: (assignment, context) => asSession(assignment, context, (given, around) => writer.run(given, around)),
    });
    expect(outcome).toMatchObject({
      status: "held",
      summary: "We are live\n",
      hold: { name: "last-step", waitFor: "human", onDone: "complete", detail: { file: "out/post.md", text: "We are live\n" } },
      usage: { inputTokens: 200 },
    });
    expect(kept).toMatchObject([{ name: "content.md", mediaType: "text/markdown", bytes: 12 }]);
    const said = JSON.stringify(api.requests[0]?.body);
    for (const text of ["Two sentences", "into the file out/post.md", "invent no customers"]) expect(said).toContain(text);
  });
});
