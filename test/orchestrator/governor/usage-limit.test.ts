/** A usage limit met by the real Claude Code in a real orchestrator. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { expect, it, onTestFinished } from "vitest";
import { accountsOf, liftLimit } from "../../../client/accounts.ts";
import { claudeBinary } from "../../support/claude-code.ts";
import { claudeEnvironment, startMessagesApi } from "../../support/messages-api.ts";
import { createTestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

const binary = claudeBinary();

it.runIf(binary !== undefined)(
  "a usage limit suspends all Claude tasks, burns no attempt, and is shown until it is lifted",
  async () => {
    const resetsAt = Math.floor(Date.now() / 1000) + 3600;
    let limited = true;
    const windows = {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": String(resetsAt),
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
      "retry-after": "3600",
      "x-should-retry": "false",
    };
    const api = await startMessagesApi(() =>
      limited ? { status: 429, type: "rate_limit_error", message: "limit", headers: windows } : [{ type: "text", text: "done" }],
    );
    const database = await createTestDatabase();
    const workspace = await mkdtemp("/tmp/longhaul-work-");
    await chmod(workspace, 0o711);
    const { PATH: _path, HOME: _home, ...environment } = claudeEnvironment(api.url, workspace);
    const orchestrator = await createTestOrchestrator({
      ...environment,
      DATABASE_URL: database.databaseUrl,
      LONGHAUL_CLAUDE: binary as string,
      LONGHAUL_CLAUDE_BILLING: "subscription", // with ANTHROPIC_API_KEY in the environment
      LONGHAUL_CLAUDE_CONCURRENCY: "1",
      LONGHAUL_ISOLATION: "process",
      LONGHAUL_LEASE_SECONDS: "3",
      CLAUDE_CODE_OAUTH_TOKEN: `sk-ant-oat01-${"a".repeat(90)}`,
      CLAUDE_CODE_MAX_RETRIES: "1",
    });
    onTestFinished(async () => {
      await orchestrator.remove();
      await api.close();
      await database.drop();
      await rm(workspace, { recursive: true, force: true, maxRetries: 5 });
    });
    const { client } = await orchestrator.start();
    const task = (id: string) => ({ id, title: `Say ${id}`, retry: { maxAttempts: 1, backoffMs: 10, maxBackoffMs: 10 } });
    const { executionId } = await client.handoff({
      plan: { title: "limited", tasks: [task("one"), task("two"), { id: "three", title: "Three", command: "true" }] },
      options: { workspace },
    });
    for await (const event of client.stream(executionId)) if (event.type === "task.retrying") break;

    const status = await client.status(executionId);
    expect(status.status).toBe("running");
    expect(status.reason).toMatch(/^paused until .*\d\d:\d\d by Claude's usage limit$/);
    const asked = api.requests.length;
    expect(api.requests.every(({ headers }) => headers["x-api-key"] === undefined)).toBe(true);
    const [account] = (await accountsOf(client)).accounts;
    expect(account).toMatchObject({
      billing: "subscription",
      why: "usage_limit",
      until: new Date(resetsAt * 1000).toISOString(),
    });
    expect((await client.execution(executionId)).tasks.map(({ id, attempt }) => [id, attempt])).toEqual([
      ["one", 1],
      ["two", 0],
      ["three", 1],
    ]);

    limited = false;
    await liftLimit(client, account?.id ?? "");
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed", reason: null });
    expect(api.requests.length).toBeGreaterThan(asked);
    const { events } = await client.events(executionId, { limit: 1000 });
    expect(events.filter(({ type }) => type.startsWith("governor.")).map(({ type }) => type)).toEqual([
      "governor.suspended",
      "governor.resumed",
    ]);
    expect(events.find(({ type }) => type === "agent.session")?.data).toMatchObject({
      billing: "subscription",
      account: account?.id,
    });
  },
);
