/** Budgets met by the real Claude Code in a real orchestrator. Each answer of the scripted API uses 125 tokens or more. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { budgetOf, setBudget } from "../../../client/budget.ts";
import type { Client } from "../../../client/client.ts";
import { claudeBinary } from "../../support/claude-code.ts";
import { claudeEnvironment, conversationText, startMessagesApi } from "../../support/messages-api.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

const binary = claudeBinary();

describe.runIf(binary !== undefined)("a budget", () => {
  let api: Awaited<ReturnType<typeof startMessagesApi>>;
  let orchestrator: TestOrchestrator;
  let drop: () => Promise<void>;
  let client: Client;
  let workspace: string;
  let enough = false;
  beforeAll(async () => {
    api = await startMessagesApi(() =>
      enough
        ? [{ type: "text", text: "done" }]
        : [{ type: "tool_use", name: "Bash", input: { command: "sleep 0.3", description: "work" } }],
    );
    const database = await createTestDatabase();
    drop = database.drop;
    const home = await mkdtemp("/tmp/longhaul-work-");
    const { PATH: _path, HOME: _home, ...environment } = claudeEnvironment(api.url, home);
    orchestrator = await createTestOrchestrator({
      ...environment,
      DATABASE_URL: database.databaseUrl,
      LONGHAUL_CLAUDE: binary as string,
      LONGHAUL_ISOLATION: "process",
    });
    ({ client } = await orchestrator.start());
    await rm(home, { recursive: true });
  });
  afterAll(async () => {
    await orchestrator.remove();
    await api.close();
    await drop();
  });
  beforeEach(async () => {
    enough = false;
    workspace = await mkdtemp("/tmp/longhaul-work-");
    await chmod(workspace, 0o711);
    return () => rm(workspace, { recursive: true, force: true, maxRetries: 5 });
  });

  const handoff = async (tasks: object[], budget?: object) =>
    (await client.handoff({ plan: { title: "spend", tasks }, options: { workspace, ...(budget && { budget }) } })).executionId;
  async function untilHeld(executionId: string): Promise<void> {
    for await (const event of client.stream(executionId)) if (event.type === "task.awaiting_human") return;
  }
  const budgetEvents = async (executionId: string) =>
    (await client.events(executionId, { limit: 1000 })).events.filter(({ type }) => type.startsWith("budget."));

  it("of tokens is warned of, stops the plan with one answer too much at most, and the session goes on when it is raised", async () => {
    const executionId = await handoff([{ id: "one", title: "Walnut one" }], { tokens: 600 });
    await untilHeld(executionId);
    const { budgets } = await budgetOf(client, executionId);
    expect(budgets).toMatchObject([{ scope: "plan", metric: "tokens", allowed: 600 }]);
    expect(budgets[0]?.spent).toBeGreaterThanOrEqual(600);
    expect(budgets[0]?.spent).toBeLessThan(600 + 250);
    expect((await budgetEvents(executionId)).map(({ type, data }) => [type, data["scope"]])).toEqual([
      ["budget.warning", "plan"],
      ["budget.exhausted", "plan"],
    ]);
    expect((await client.status(executionId)).blockers).toMatchObject([
      { taskId: "one", reason: expect.stringMatching(/^the plan's budget of 600 tokens is used up .*longhaul budget/) },
    ]);
    await expect(setBudget(client, executionId, { tokens: 10 })).rejects.toThrow(/tokens: \d+ are used already/);

    const asked = api.requests.length;
    enough = true;
    expect((await setBudget(client, executionId, { tokens: 100_000 })).released).toEqual(["one"]);
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
    const next = api.requests.slice(asked).map(({ body }) => conversationText(body));
    expect(next.some((text) => text.includes("Walnut one") && text.includes("sleep 0.3"))).toBe(true);
    expect((await client.execution(executionId)).tasks[0]).toMatchObject({ attempt: 2, status: "completed" });
  });

  it("of money of one task holds only that task", async () => {
    const executionId = await handoff([
      { id: "dear", title: "Dear", limits: { usd: 0.002 }, retry: { maxAttempts: 1 } },
      { id: "free", title: "Free", command: "true" },
    ]);
    await untilHeld(executionId);
    const { budgets } = await budgetOf(client, executionId, "dear");
    expect(budgets).toMatchObject([{ scope: "task", metric: "usd", allowed: 0.002 }]);
    expect(budgets[0]?.spent).toBeGreaterThanOrEqual(0.002);
    expect(budgets[0]?.spent).toBeLessThan(0.006);
    enough = true;
    await setBudget(client, executionId, { usd: 5, taskId: "dear" });
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed" });
  });

  it("is shared by sessions that run side by side: each overshoots by one answer at most", async () => {
    const executionId = await handoff(
      ["one", "two", "three"].map((id) => ({ id, title: id })),
      { tokens: 1500 },
    );
    for await (const event of client.stream(executionId)) if (event.type === "execution.blocked") break;
    const { budgets } = await budgetOf(client, executionId);
    expect(budgets[0]?.spent).toBeGreaterThanOrEqual(1500);
    expect(budgets[0]?.spent).toBeLessThan(1500 + 3 * 250);
    expect((await budgetEvents(executionId)).map(({ type }) => type)).toEqual(["budget.warning", "budget.exhausted"]);
    await client.control(executionId, { action: "cancel" });
  });

  it("of time stops a command, whatever kind it is", async () => {
    const executionId = await handoff([{ id: "slow", title: "Slow", command: "sleep 1000" }], { wallSeconds: 2 });
    await untilHeld(executionId);
    expect((await budgetEvents(executionId)).map(({ type }) => type)).toContain("budget.exhausted");
    await client.control(executionId, { action: "cancel" });
  });
});
