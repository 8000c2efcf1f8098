/** Plans read by a model: a loopback server that speaks OpenAI's chat API, and a real orchestrator. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestOrchestrator, type TestOrchestrator } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

type Asked = { model: string; messages: { role: string; content: string }[] };

let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let folder: string;
let reply: (tasks: { id: string; title: string }[]) => unknown;
let status = 200;
const asked: Asked[] = [];
const server = createServer((request, response) => {
  void (async () => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const question = JSON.parse(body) as Asked;
    asked.push(question);
    const answer = reply(JSON.parse(question.messages[1]?.content ?? "[]"));
    const content = typeof answer === "string" ? answer : JSON.stringify({ tasks: answer });
    response.writeHead(status, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ id: "1", object: "chat.completion", choices: [{ index: 0, message: { role: "assistant", content } }] }),
    );
  })();
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({
    DATABASE_URL: database.databaseUrl,
    PLAN_MODEL: "reader",
    OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    OPENAI_API_KEY: "a-key-that-is-secret",
  });
  running = await orchestrator.start();
  folder = await mkdtemp("/tmp/longhaul-refine-");
});
afterAll(async () => {
  await orchestrator.remove();
  await rm(folder, { recursive: true, force: true });
  server.close();
  await drop();
});
beforeEach(() => {
  status = 200;
  asked.length = 0;
});

describe("with a model", () => {
  it("shows in the preview what the model makes of it, and asks once for preview and hand-off", async () => {
    reply = (tasks) =>
      tasks.map(({ id }) => ({
        id,
        kind: "claude",
        automation: "FULL_AUTO",
        confidence: 0.6,
        minutes: 7,
        parts: [
          { title: "Send the e-mail", kind: "email" },
          { title: "Wait for the answer", kind: "wait" },
        ],
      }));
    const text = "- [ ] Reach out to the author\n- [ ] Build\n  Run: `true`\n";
    const preview = await running.client.preview({ text });
    expect(preview.plan.tasks.map(({ id }) => id)).toEqual([
      "task-001",
      "task-001.confirm",
      "task-001.1",
      "task-001.2",
      "task-002",
    ]);
    expect(asked).toHaveLength(1);
    expect(JSON.parse(asked[0]?.messages[1]?.content ?? "")).toMatchObject([{ id: "task-001" }]);
    const { executionId } = await running.client.handoff({ text, options: { workspace: folder } });
    expect(asked).toHaveLength(1);
    await expect
      .poll(async () =>
        Object.fromEntries((await running.client.execution(executionId)).tasks.map((task) => [task.id, task.status])),
      )
      .toMatchObject({ "task-001.confirm": "awaiting_human", "task-001.1": "pending", "task-002": "completed" });
  });

  it.each<[string, () => void]>([
    ["fails", () => (status = 500)],
    ["talks nonsense", () => (reply = () => "I would rather not.")],
  ])("goes by the rules when it %s, and says so", async (what, break_) => {
    reply = () => [];
    break_();
    const preview = await running.client.preview({ text: `- [ ] Some guess, it ${what}\n` });
    expect(preview.plan.tasks[0]).toMatchObject({ kind: "claude", classifiedBy: "prose" });
    expect(preview.warnings).toEqual([expect.stringContaining("The model reader could not be asked")]);
  });

  it("takes the opinions that fit and leaves out the others, and sends no secrets", async () => {
    const secret = ["sk-", "proj-abcdefghijklmnopqrstuvwxyz01"].join("");
    reply = (tasks) => [
      { id: tasks[0]?.id, kind: "email", automation: "SEMI_AUTO", confidence: 0.9 },
      { id: tasks[1]?.id, kind: "magic" },
    ];
    const { plan } = await running.client.preview({ text: `- [ ] Tell ${secret} to them\n- [ ] Another guess\n` });
    expect(plan.tasks.map(({ kind, classifiedBy }) => [kind, classifiedBy])).toEqual([
      ["email", "model"],
      ["claude", "prose"],
    ]);
    expect(JSON.stringify(asked)).not.toContain(secret);
  });
});
