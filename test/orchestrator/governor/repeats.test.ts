/** Failures that repeat themselves, on a real orchestrator that is killed in between. */
import { mkdtemp, rm } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Client } from "../../../client/client.ts";
import { claudeBinary } from "../../support/claude-code.ts";
import { claudeEnvironment, startMessagesApi } from "../../support/messages-api.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

const binary = claudeBinary();
let api: Awaited<ReturnType<typeof startMessagesApi>>;
let orchestrator: TestOrchestrator;
let drop: () => Promise<void>;
let client: Client;
let workspace: string;
beforeAll(async () => {
  api = await startMessagesApi(() => [
    { type: "tool_use", name: "Bash", input: { command: "echo same", description: "the same again" } },
  ]);
  const database = await createTestDatabase();
  drop = database.drop;
  const { PATH: _path, HOME: _home, ...environment } = claudeEnvironment(api.url, "");
  orchestrator = await createTestOrchestrator({
    ...environment,
    DATABASE_URL: database.databaseUrl,
    LONGHAUL_ISOLATION: "process",
    ...(binary === undefined ? {} : { LONGHAUL_CLAUDE: binary }),
  });
  ({ client } = await orchestrator.start());
});
afterAll(async () => {
  await orchestrator.remove();
  await api.close();
  await drop();
});
beforeEach(async () => {
  workspace = await mkdtemp("/tmp/longhaul-work-");
  return () => rm(workspace, { recursive: true, force: true, maxRetries: 5 });
});

const retry = { maxAttempts: 20, backoffMs: 10, maxBackoffMs: 10 };
const handoff = async (task: object) =>
  (await client.handoff({ plan: { title: "repeats", tasks: [{ id: "a", title: "A", retry, ...task }] }, options: { workspace } }))
    .executionId;
async function untilHeld(executionId: string) {
  for await (const event of client.stream(executionId)) if (event.type === "task.awaiting_human") break;
  return (await client.execution(executionId)).tasks[0];
}

it("the third equal failure asks a person, whatever numbers and paths are in it, and also after a kill", async () => {
  const go = 'n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; echo "cannot read /tmp/x$n.txt at line $n" >&2';
  const executionId = await handoff({ command: `${go}; [ $n -ne 2 ] || sleep 1; exit 7` });
  for await (const event of client.stream(executionId)) if (event.type === "task.output" && event.attempt === 3) break;
  await orchestrator.kill();
  ({ client } = await orchestrator.start());
  const task = await untilHeld(executionId);
  expect(task).toMatchObject({
    status: "awaiting_human",
    attempt: 3,
    message: expect.stringMatching(/^failed 3 times in the same way/),
  });

  // A person's answer lets it run once; the same failure asks at once.
  const [action] = (await client.pendingActions()).filter((one) => one.executionId === executionId);
  await client.completeAction(action?.id ?? "", {});
  for await (const event of client.stream(executionId)) if (event.type === "task.awaiting_human" && event.attempt === 4) break;
  await client.control(executionId, { action: "cancel" });
});

it("failures that differ use their attempts up", async () => {
  const words = ["one apple", "two pears", "some plums", "grapes"].map(
    (word, index) => `[ $n -eq ${index} ] && echo no ${word} >&2`,
  );
  const command = `n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; ${words.join("; ")}; exit 1`;
  const executionId = await handoff({ command, retry: { ...retry, maxAttempts: 4 } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
  expect((await client.execution(executionId)).tasks[0]).toMatchObject({ attempt: 4 });
});

it.runIf(binary !== undefined)("a session that makes the same call again and again is ended as stuck", async () => {
  const executionId = await handoff({ kind: "claude", retry: { ...retry, maxAttempts: 1 } });
  expect(await untilEnded(client, executionId)).toMatchObject({ status: "failed" });
  expect((await client.execution(executionId)).tasks[0]?.message).toMatch(
    /^stuck: the tool Bash was called (?:1[5-9]|[2-9]\d|\d{3,}) times/,
  );
});
