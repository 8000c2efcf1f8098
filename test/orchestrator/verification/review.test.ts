/** The real Claude Code, and a second one of it that looks at what the first one did. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { evidenceOf } from "../../../client/verification.ts";
import { claudeBinary } from "../../support/claude-code.ts";
import { claudeEnvironment, conversationText, hasToolResult, startMessagesApi } from "../../support/messages-api.ts";
import { createTestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

const binary = claudeBinary();

it.skipIf(binary === undefined)(
  "a second session sees criteria, change and evidence only, and what it rejects goes back",
  async () => {
    const reviews: { text: string; tools: number }[] = [];
    const api = await startMessagesApi((body) => {
      const text = conversationText(body);
      if (text.includes("Review of another session's work")) {
        const tools = (body as { tools?: unknown[] }).tools ?? [];
        if (text.includes("## The change")) reviews.push({ text, tools: tools.length });
        return [
          {
            type: "text",
            text: text.includes("+farewell") ? "Both are there.\nVERDICT: approve" : "The farewell is missing.\nVERDICT: reject",
          },
        ];
      }
      if (hasToolResult(body)) return [{ type: "text", text: "Done, I promise." }];
      const line = text.includes("The farewell is missing") ? "farewell" : "greeting";
      return [{ type: "tool_use", name: "Bash", input: { command: `echo ${line} >> words.txt`, description: "Write" } }];
    });
    onTestFinished(() => api.close());
    const database = await createTestDatabase();
    onTestFinished(database.drop);
    const workspace = await mkdtemp("/tmp/longhaul-work-");
    onTestFinished(() => rm(workspace, { recursive: true, force: true, maxRetries: 5 }));
    await writeFile(join(workspace, "words.txt"), "old\n");
    const orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
    onTestFinished(() => orchestrator.remove());
    const { PATH: _path, ...environment } = claudeEnvironment(api.url, orchestrator.home);
    const { client } = await orchestrator.start({ ...environment, LONGHAUL_CLAUDE: binary ?? "" });
    const verification = [{ criterion: "words.txt has a greeting and a farewell", command: "grep greeting words.txt" }];
    const tasks = [{ id: "a", title: "Write both", kind: "claude", verification, params: { review: true } }];
    const { executionId } = await client.handoff({ plan: { title: "review", tasks }, options: { workspace } });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    expect(await readFile(join(workspace, "words.txt"), "utf8")).toContain("farewell");
    const { events } = await client.events(executionId, { limit: 1000 });
    expect(events.filter(({ type }) => type === "task.reviewed").map(({ data }) => [data["iteration"], data["verdict"]])).toEqual(
      [
        [0, "reject"],
        [1, "approve"],
      ],
    );
    expect(await evidenceOf(client, executionId, "a")).toMatchObject({
      review: { verdict: "approve", reasons: "Both are there." },
    });
    const [first] = reviews;
    expect(first?.text).toContain("words.txt has a greeting and a farewell");
    expect(first?.text).toContain("+greeting");
    expect(first?.text).toContain("grep greeting words.txt: exited with code 0");
    expect(first?.text).not.toContain("Done, I promise.");
  },
  120_000,
);
