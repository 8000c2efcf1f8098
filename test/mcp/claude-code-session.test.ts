/** A hand-off in a terminal session of the real Claude Code: there, unlike with `-p`, it follows executions as background tasks. */
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ClaudeCode, claudeBinary, createClaudeCode, hasTerminals } from "../support/claude-code.ts";
import {
  type AnswerBlock,
  conversationText,
  type MessagesApi,
  type MessagesRequest,
  startMessagesApi,
} from "../support/messages-api.ts";
import { untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

const binary = claudeBinary();
const handoff = "mcp__longhaul__handoff";
let api: MessagesApi;
let claude: ClaudeCode;
let session: ReturnType<ClaudeCode["open"]>;
let dropDatabase: () => Promise<void>;
/** What the scripted model does after the hand-off. */
let andThen: (conversation: string) => AnswerBlock[];

/** A session sends its first prompt before its servers are connected: this model looks for the tool until it is there. */
async function handsOffOnce(body: MessagesRequest): Promise<AnswerBlock[]> {
  const conversation = conversationText(body);
  if (conversation.includes("toolu_handoff")) return andThen(conversation);
  if (body.tools?.some(({ name }) => name === handoff)) {
    return [{ type: "tool_use", id: "toolu_handoff", name: handoff, input: { path: "plan.md", maxAttempts: 1 } }];
  }
  await delay(100);
  return [{ type: "tool_use", name: "ToolSearch", input: { query: `select:${handoff}` } }];
}

/** The conversation in which the model is first told this. */
async function toldModel(text: string): Promise<string> {
  for (;;) {
    const told = api.requests.map(({ body }) => conversationText(body)).find((conversation) => conversation.includes(text));
    if (told !== undefined) return told;
    await delay(20);
  }
}

describe.skipIf(binary === undefined || !hasTerminals())("a terminal session of the real Claude Code", () => {
  beforeEach(async () => {
    const database = await createTestDatabase();
    dropDatabase = database.drop;
    andThen = () => [{ type: "text", text: "Okay." }];
    api = await startMessagesApi(handsOffOnce);
    claude = await createClaudeCode(binary as string, api.url, { DATABASE_URL: database.databaseUrl });
    await writeFile(
      join(claude.folder, "plan.md"),
      "# Word list\n\n- [ ] Wait\n  - Run: `until [ -e go ]; do sleep 0.05; done`\n",
    );
  });
  afterEach(async () => {
    await session.close();
    await claude.remove();
    await api.close();
    await dropDatabase();
  });

  test("goes on after the hand-off, and is told by itself when the execution ends", async () => {
    session = claude.open(["Hand plan.md off."]);
    await toldModel("runs in the background as");
    await writeFile(join(claude.folder, "go"), "");
    await toldModel("Word list: completed, 1 of 1 tasks done");
  });

  test("is told by itself what failed", async () => {
    await writeFile(join(claude.folder, "plan.md"), "# Word list\n\n- [ ] Break\n  - Run: `exit 3`\n");
    session = claude.open(["Hand plan.md off."]);
    const told = await toldModel("Word list: failed, 0 of 1 tasks done");
    expect(told).toContain("exited with code 3");
  });

  test("cancels the execution when it stops the task", async () => {
    andThen = (conversation) => {
      const [, task] = /running in the background as task (\w+)/.exec(conversation) ?? [];
      if (task === undefined || conversation.includes("toolu_stop")) return [{ type: "text", text: "Okay." }];
      return [{ type: "tool_use", id: "toolu_stop", name: "TaskStop", input: { task_id: task } }];
    };
    session = claude.open(["Hand plan.md off.", "--allowedTools", "TaskStop"]);
    await toldModel("toolu_stop");
    const orchestrator = await claude.orchestrator();
    const [execution] = (await orchestrator.list()).executions;
    expect(await untilEnded(orchestrator, execution?.executionId ?? "")).toMatchObject({ status: "cancelled" });
  });

  test("finds its execution again when it is closed and resumed", async () => {
    const id = randomUUID();
    session = claude.open(["Hand plan.md off.", "--session-id", id]);
    await toldModel("runs in the background as");
    await session.close();
    expect((await (await claude.orchestrator()).list()).executions).toMatchObject([{ status: "running", conversationId: id }]);

    session = claude.open(["--resume", id]);
    await writeFile(join(claude.folder, "go"), "");
    await toldModel("Word list: completed, 1 of 1 tasks done");
  });
});
