import { afterEach, beforeEach, expect, test } from "vitest";
import type { Action } from "../../orchestrator/api/action-contract.ts";
import {
  executionId,
  pendingApproval,
  problem,
  runningExecution,
  type ScriptedOrchestrator,
  startScriptedOrchestrator,
  taskBrief,
} from "./scripted-orchestrator.ts";
import { type RawServer, startRawServer } from "./server-process.ts";

let orchestrator: ScriptedOrchestrator;
let server: RawServer;
const ended = "2026-01-01T00:01:00.000Z";
const person = {
  id: "action-1",
  executionId,
  executionTitle: "Word counter",
  taskId: "b",
  title: "Create the account",
  what: "Sign up.",
  why: "It needs a person.",
  how: "On the site.",
  waitsFor: "human",
  urgency: "high",
  urgencyReason: "nothing else of this execution can go on",
  minutes: null,
  material: [] as Action["material"],
  diff: null,
  since: ended,
  unblocks: 1,
} as const;

beforeEach(async () => {
  orchestrator = await startScriptedOrchestrator();
  server = startRawServer(orchestrator.home, { tasks: true });
});

afterEach(async () => {
  await server.end();
  await orchestrator.close();
});

const handoff = { name: "handoff", arguments: { text: "- [ ] x" } };
const getTask = async () => (await server.request("tasks/get", { taskId: executionId })).result;

function waitForPerson(): void {
  const blockers = [{ taskId: "b", title: person.title, reason: "waits for a person", since: null }];
  orchestrator.execution = { ...runningExecution(), status: "blocked", runningTasks: [], blockers };
  orchestrator.pending = [person, { ...person, id: "action-2", executionId: "another execution" }];
}

test("the extension is offered", async () => {
  const { result } = await server.request("server/discover");
  expect(result).toMatchObject({ capabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } });
});

test("handoff returns the execution as a task, with what the model is told meanwhile", async () => {
  const { result } = await server.request("tools/call", handoff);
  expect(result).toMatchObject({
    resultType: "task",
    taskId: executionId,
    status: "working",
    ttlMs: null,
    structuredContent: { executionId },
    _meta: { "com.anthropic/agent-task": { modelImmediateResponse: expect.stringContaining(executionId) } },
  });
  expect(orchestrator.writes).toHaveLength(1);
});

test("a plan that is refused is no task", async () => {
  orchestrator.refusal = problem("invalid_plan", 422, "The plan has no tasks.");
  const { result } = await server.request("tools/call", handoff);
  expect(result).toMatchObject({ resultType: "complete", isError: true });
});

test("a client that did not declare tasks gets the handle at once", async () => {
  const plain = startRawServer(orchestrator.home, { tasks: false });
  const { result } = await plain.request("tools/call", handoff);
  expect(result).toMatchObject({ resultType: "complete", structuredContent: { executionId } });
  await plain.end();
});

test("a process that never saw the hand-off tells the current step", async () => {
  expect(await getTask()).toMatchObject({
    taskId: executionId,
    status: "working",
    statusMessage: "1/3 · now: Task b",
    lastUpdatedAt: "2026-01-01T00:00:02.000Z",
  });
});

test("a completed execution ends the task with its report", async () => {
  const progress = { current: 3, total: 3, percentage: 100 };
  orchestrator.execution = { ...runningExecution(), status: "completed", runningTasks: [], progress, finishedAt: ended };
  expect(await getTask()).toMatchObject({
    status: "completed",
    lastUpdatedAt: ended,
    result: { structuredContent: { summary: "Word counter: completed, 3 of 3 tasks done (100 %)." } },
  });
});

test("a failed execution ends the task with an error that names what failed", async () => {
  const failedTasks = [taskBrief("c", "failed", "exit code 1")];
  orchestrator.execution = { ...runningExecution(), status: "failed", runningTasks: [], failedTasks, finishedAt: ended };
  const task = await getTask();
  expect(task).toMatchObject({ status: "completed", result: { isError: true } });
  expect(JSON.stringify(task)).toContain("- failed: c Task c");
  expect(JSON.stringify(task)).toContain("exit code 1");
});

test("what only a person can do is a form, whose answer completes it", async () => {
  waitForPerson();
  const task = await getTask();
  expect(task).toMatchObject({
    status: "input_required",
    inputRequests: { "action-1": { method: "elicitation/create", params: { message: expect.stringContaining("Sign up.") } } },
  });
  expect(Object.keys(task?.["inputRequests"] as object)).toEqual(["action-1"]);
  const inputResponses = { "action-1": { action: "accept", content: { outcome: "done", note: "it is free" } } };
  expect((await server.request("tasks/update", { taskId: executionId, inputResponses })).error).toBeUndefined();
  expect(orchestrator.writes).toEqual([
    { path: "/api/actions/action-1/complete", body: { outcome: "done", note: "it is free" } },
  ]);
});

test("an approval is a form whose answer decides exactly what it showed", async () => {
  waitForPerson();
  const shown = pendingApproval("approval-1");
  orchestrator.approvals = [shown];
  orchestrator.pending.push({ ...person, id: "action-3", taskId: "c" });
  const { inputRequests } = (await getTask()) as { inputRequests: Record<string, { params: { message: string } }> };
  const keys = Object.keys(inputRequests);
  expect(keys).toEqual([expect.stringContaining("approval-1"), "action-1"]);
  const message = inputRequests[String(keys[0])]?.params.message;
  expect(message).toContain("Deploy: shell: ./deploy.sh");
  expect(message).toContain("c0ffee");
  const inputResponses = { [String(keys[0])]: { action: "accept", content: { decision: "approve" } } };

  orchestrator.approvals = [pendingApproval("approval-1", "b")];
  await server.request("tasks/update", { taskId: executionId, inputResponses });
  expect(orchestrator.writes).toEqual([]);
  orchestrator.approvals = [shown];
  await server.request("tasks/update", { taskId: executionId, inputResponses });
  expect(orchestrator.writes).toEqual([
    { path: "/api/approvals/approval-1", body: { decision: "approve", digest: shown.digest, channel: "session" } },
  ]);
});

test.each(["cancel", "decline"])("a form that is answered with %s leaves the question open", async (action) => {
  waitForPerson();
  await server.request("tasks/update", { taskId: executionId, inputResponses: { "action-1": { action } } });
  expect(orchestrator.writes).toEqual([]);
});

test("an answer cannot reach an action of another execution", async () => {
  waitForPerson();
  const inputResponses = { "action-2": { action: "accept", content: { outcome: "done" } } };
  await server.request("tasks/update", { taskId: executionId, inputResponses });
  expect(orchestrator.writes).toEqual([]);
});

test("cancelling the task cancels the execution", async () => {
  expect((await server.request("tasks/cancel", { taskId: executionId })).error).toBeUndefined();
  expect(orchestrator.writes).toEqual([
    {
      path: `/api/executions/${executionId}/control`,
      body: { action: "cancel", reason: "cancelled in the Claude Code session" },
    },
  ]);
  orchestrator.execution = { ...runningExecution(), status: "cancelled", finishedAt: ended };
  expect(await getTask()).toMatchObject({ status: "cancelled" });
});

test("an unknown task is refused as the caller's mistake", async () => {
  expect((await server.request("tasks/get", { taskId: "nothing" })).error).toMatchObject({ code: -32602 });
});
