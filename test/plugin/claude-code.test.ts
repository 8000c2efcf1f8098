/** The plugin in the real Claude Code, which talks to a scripted model. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { approvals } from "../../client/approvals.ts";
import { type ClaudeCode, type ClaudeSession, claudeBinary, createClaudeCode, hasTerminals } from "../support/claude-code.ts";
import {
  type AnswerBlock,
  claudeEnvironment,
  conversationText,
  type MessagesApi,
  type MessagesRequest,
  startMessagesApi,
} from "../support/messages-api.ts";
import { untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

const binary = claudeBinary();
const root = fileURLToPath(new URL("../..", import.meta.url));
const tool = (name: string) => `mcp__plugin_longhaul_longhaul__${name}`;
const [enter, right, down] = ["\r", "\u001b[C", "\u001b[B"];
const plan = "# Word list\n\n- [ ] Write\n  - Run: `echo done > out.txt`\n";

describe.skipIf(binary === undefined)("the plugin", () => {
  test("is valid for Claude Code, and is installed by the documented command", async () => {
    const home = await mkdtemp("/tmp/longhaul-claude-");
    const run = (...args: string[]) =>
      promisify(execFile)(binary as string, args, { cwd: home, env: claudeEnvironment("http://127.0.0.1:9", home) });
    for (const folder of [root, join(root, "plugin")]) {
      const { stdout } = await run("plugin", "validate", "--strict", "--json", folder);
      expect(JSON.parse(stdout)).toMatchObject({ success: true, strict: true });
    }
    await run("plugin", "install", "longhaul", "--marketplace", root);
    expect((await run("plugin", "list")).stdout).toMatch(/longhaul@longhaul[^]*✔ enabled/);
    await rm(home, { recursive: true, force: true });
  });
});

describe.skipIf(binary === undefined || !hasTerminals())("a session with the plugin", () => {
  let api: MessagesApi;
  let claude: ClaudeCode;
  let session: ClaudeSession | undefined;
  let dropDatabase: () => Promise<void>;
  let model: (conversation: string, body: MessagesRequest) => AnswerBlock[];

  beforeEach(async () => {
    const database = await createTestDatabase();
    dropDatabase = database.drop;
    api = await startMessagesApi(async (body) => {
      const blocks = model(conversationText(body), body);
      if (blocks.length > 0) return blocks;
      // A terminal session sends its first prompt before its servers are connected: the model looks for the tool until it is there.
      await delay(100);
      return [{ type: "tool_use", name: "ToolSearch", input: { query: `select:${tool("handoff")}` } }];
    });
    const environment = { DATABASE_URL: database.databaseUrl, LONGHAUL_HOOK_MS: "10000" };
    claude = await createClaudeCode(binary as string, api.url, environment, { plugin: join(root, "plugin") });
    await writeFile(join(claude.folder, "plan.md"), plan);
    session = undefined;
  });
  afterEach(async () => {
    await session?.close();
    await claude.remove();
    await api.close();
    await dropDatabase();
  });

  const okay: AnswerBlock[] = [{ type: "text", text: "Okay." }];
  /** Calls the tool once, when it is there. */
  const once = (conversation: string, body: MessagesRequest, name: string, input: object): AnswerBlock[] => {
    if (conversation.includes(`toolu_${name}`)) return okay;
    const offered = body.tools?.some((one) => one.name === tool(name)) === true;
    return offered ? [{ type: "tool_use", id: `toolu_${name}`, name: tool(name), input }] : [];
  };
  async function toldModel(text: string): Promise<string> {
    for (;;) {
      const told = api.requests.map(({ body }) => conversationText(body)).find((conversation) => conversation.includes(text));
      if (told !== undefined) return told;
      await delay(20);
    }
  }
  async function shown(text: string): Promise<void> {
    while (!session?.screen().includes(text)) await delay(20);
  }
  /** Sends keys; resolves when what they bring stands on the screen. */
  async function press(keys: string, brings: string): Promise<void> {
    session?.type(keys);
    await shown(brings);
  }
  /** A dialog takes no notice of keys in the moment in which it is drawn. */
  async function pressUntilGone(text: string): Promise<void> {
    while (session?.screen().includes(text)) {
      session.type(enter);
      await delay(500);
    }
  }
  const onlyExecution = async () => (await (await claude.orchestrator()).list()).executions[0]?.executionId ?? "";

  test("hands a plan off by its command, and the next session is told how it ended", async () => {
    model = (conversation, body) => once(conversation, body, "handoff", { path: "plan.md" });
    const { exitCode } = await claude.ask("/longhaul:handoff plan.md");
    expect(exitCode).toBe(0);
    expect(await toldModel("runs in the background as")).toContain("What the user named: plan.md");
    await untilEnded(await claude.orchestrator(), await onlyExecution());

    model = () => okay;
    await claude.ask("What is new?");
    const told = await toldModel("What is new?");
    expect(told).toContain("Finished in the background:");
    expect(told).toContain("Word list completed, 1 of 1 tasks done");
  });

  test("offers to hand off the plan that was accepted, without retyping it", async () => {
    model = (conversation, body) => {
      const [, path] = /call the tool handoff of longhaul with path \\+"([^"\\]+)/.exec(conversation) ?? [];
      if (path !== undefined) return once(conversation, body, "handoff", { path });
      const [, file] = /create your plan at (\S+?\.md)/.exec(conversation) ?? [];
      if (conversation.includes("toolu_write")) return [{ type: "tool_use", id: "toolu_exit", name: "ExitPlanMode", input: {} }];
      return [{ type: "tool_use", id: "toolu_write", name: "Write", input: { file_path: file, content: plan } }];
    };
    session = claude.open(["Plan it.", "--permission-mode", "plan"]);
    await shown("Would you like to proceed?");
    await pressUntilGone("Would you like to proceed?");
    await toldModel("runs in the background as");
    expect(await untilEnded(await claude.orchestrator(), await onlyExecution())).toMatchObject({
      title: "Word list",
      status: "completed",
    });
  });

  test("shows an approval as a dialog of its own while it is idle", async () => {
    model = (conversation, body) => once(conversation, body, "handoff", { path: "plan.md", approvalMode: "final" });
    session = claude.open(["Hand plan.md off."]);
    await shown('Approve "Approve the result" of Word list?');
    await press(right, "Space to select");
    await press(enter, "✔ Decision: approve");
    await press(down, "❯ Accept");
    await pressUntilGone("requests your input");
    const orchestrator = await claude.orchestrator();
    const executionId = await onlyExecution();
    expect(await untilEnded(orchestrator, executionId)).toMatchObject({ status: "completed" });
    expect((await approvals(orchestrator, executionId)).approvals).toMatchObject([{ status: "approved", channel: "session" }]);
    await toldModel("Word list: completed, 2 of 2 tasks done");
  });

  test("is woken at the end of the execution also where it does not follow it as a task", async () => {
    model = (conversation, body) => once(conversation, body, "handoff", { path: "plan.md" });
    session = claude.open(["Hand plan.md off."], { CLAUDE_CODE_DISABLE_MCP_TASKS: "1" });
    await toldModel("is completed, 1 of 1 tasks done. Look at it with the tool status");
  });
});
