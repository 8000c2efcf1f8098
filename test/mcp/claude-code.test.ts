import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClaudeCode, claudeBinary, createClaudeCode } from "../support/claude-code.ts";
import {
  type AnswerBlock,
  conversationText,
  hasToolResult,
  type MessagesApi,
  startMessagesApi,
} from "../support/messages-api.ts";
import { untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

const binary = claudeBinary();
let api: MessagesApi;
let claude: ClaudeCode;
let dropDatabase: () => Promise<void>;
/** What the scripted model calls, and what it says once it has the result. */
let call: AnswerBlock;

describe.skipIf(binary === undefined)("the real Claude Code", () => {
  beforeEach(async () => {
    const database = await createTestDatabase();
    dropDatabase = database.drop;
    api = await startMessagesApi((body) => (hasToolResult(body) ? [{ type: "text", text: "That is so." }] : [call]));
    claude = await createClaudeCode(binary as string, api.url, { DATABASE_URL: database.databaseUrl });
  });
  afterEach(async () => {
    await claude.remove();
    await api.close();
    await dropDatabase();
  });

  /** The last tool result that reached the model. */
  const seenByModel = () => conversationText(api.requests.at(-1)?.body ?? { model: "", messages: [] });

  test("hands a plan file off and exits; the plan is finished later, and the next session is told so", async () => {
    const plan =
      "# Word list\n\n- [ ] Wait\n  - Run: `until [ -e go ]; do sleep 0.05; done`\n- [ ] Write\n  - Run: `echo done > out.txt`\n";
    await writeFile(join(claude.folder, "plan.md"), plan);
    call = { type: "tool_use", name: "mcp__longhaul__handoff", input: { path: "plan.md" } };
    const { exitCode, messages, errors } = await claude.ask("Hand plan.md off.");
    expect(errors).toBe("");
    expect(exitCode).toBe(0);
    expect(messages.at(-1)).toMatchObject({ type: "result", subtype: "success", result: "That is so." });

    const orchestrator = await claude.orchestrator();
    const { executions } = await orchestrator.list();
    expect(executions).toMatchObject([
      { title: "Word list", status: "running", conversationId: messages[0]?.session_id, workspace: claude.folder },
    ]);
    const executionId = executions[0]?.executionId ?? "";
    expect(seenByModel()).toContain(`runs in the background as ${executionId}`);
    await writeFile(join(claude.folder, "go"), "");
    expect(await untilEnded(orchestrator, executionId)).toMatchObject({ status: "completed" });
    expect(await readFile(join(claude.folder, "out.txt"), "utf8")).toBe("done\n");

    call = { type: "tool_use", name: "mcp__longhaul__status", input: {} };
    await claude.ask("How is my plan?");
    expect(seenByModel()).toContain("Word list: completed, 2 of 2 tasks done (100 %).");
  });

  test("offers handoff and status to the model without a search, and tells it what is wrong with a plan", async () => {
    const tasks = [
      { id: "a", title: "A", dependencies: ["b"] },
      { id: "b", title: "B", dependencies: ["a"] },
    ];
    call = { type: "tool_use", name: "mcp__longhaul__handoff", input: { plan: { tasks } } };
    await claude.ask("Hand it off.");
    const offered = api.requests[0]?.body.tools?.map(({ name }) => name);
    expect(offered).toEqual(expect.arrayContaining(["mcp__longhaul__handoff", "mcp__longhaul__status"]));
    expect(seenByModel()).toContain("Circular dependency: a → b → a");
    expect((await (await claude.orchestrator()).list()).executions).toEqual([]);
  });
});
