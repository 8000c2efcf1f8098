/** The real Claude Code, sent back to work by the orchestrator's checks. */
import { mkdtemp, rm } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { claudeBinary } from "../../support/claude-code.ts";
import { claudeEnvironment, conversationText, hasToolResult, startMessagesApi } from "../../support/messages-api.ts";
import { createTestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

const binary = claudeBinary();

it.skipIf(binary === undefined)(
  "a session that only says it is done is resumed with what the checks printed",
  async () => {
    const api = await startMessagesApi((body) => {
      const sentBack = conversationText(body).includes("## The checks fail");
      if (!sentBack) return [{ type: "text", text: "All tests pass." }];
      if (hasToolResult(body)) return [{ type: "text", text: "Repaired." }];
      return [{ type: "tool_use", name: "Bash", input: { command: "touch repaired", description: "Repair" } }];
    });
    onTestFinished(() => api.close());
    const database = await createTestDatabase();
    onTestFinished(database.drop);
    const workspace = await mkdtemp("/tmp/longhaul-work-");
    onTestFinished(() => rm(workspace, { recursive: true, force: true, maxRetries: 5 }));
    const orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
    onTestFinished(() => orchestrator.remove());
    const { PATH: _path, ...environment } = claudeEnvironment(api.url, orchestrator.home);
    const { client } = await orchestrator.start({ ...environment, LONGHAUL_CLAUDE: binary ?? "" });
    const verify = "test -e repaired || { echo nothing-was-repaired; exit 1; }";
    const tasks = [{ id: "a", title: "Repair it", kind: "claude", verify }];
    const { executionId } = await client.handoff({ plan: { title: "fix", tasks }, options: { workspace } });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect((await client.execution(executionId)).tasks[0]).toMatchObject({ attempt: 1, status: "completed" });
    const last = api.requests.findLast(({ body }) => conversationText(body).includes("## The checks fail"));
    const text = conversationText(last?.body ?? { model: "", messages: [] });
    expect(text).toContain("nothing-was-repaired");
    expect(text, "the same session goes on").toContain("All tests pass.");
  },
  60_000,
);
