/** The MCP server and the real orchestrator, which it starts itself. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client, ElicitResult } from "@modelcontextprotocol/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { approvals } from "../../client/approvals.ts";
import { untilEnded } from "../support/orchestrator.ts";
import { type OwnOrchestrator, prepareOrchestrator } from "./own-orchestrator.ts";
import { connectClient, startRawServer } from "./server-process.ts";

let orchestrator: OwnOrchestrator;
/** The session's folder; not the home, which changes all the time and would be in every checkpoint. */
let cwd: string;
beforeAll(async () => {
  orchestrator = await prepareOrchestrator();
  cwd = join(orchestrator.home, "session");
  await mkdir(cwd);
});
afterAll(() => orchestrator.remove());

const waits = (name: string) => ({ id: name, title: `Wait for ${name}`, command: `until [ -e ${name} ]; do sleep 0.05; done` });
/** A workspace of its own: an approval is bound to its files, and other tests write in the session's folder. */
const quietFolder = () => mkdtemp(join(cwd, "workspace-"));
const letGo = (name: string) => writeFile(join(cwd, name), "");

describe.each(["legacy", "modern"] as const)("a client of the %s protocol", (era) => {
  let client: Client;
  beforeEach(async () => {
    client = await connectClient(orchestrator.home, era, { environment: orchestrator.environment, cwd });
  });
  afterEach(() => client.close());

  async function call(name: string, given: object, toolUseId?: string): Promise<Record<string, unknown>> {
    const _meta = toolUseId === undefined ? {} : { _meta: { "claudecode/toolUseId": toolUseId } };
    const result = await client.callTool({ name, arguments: { ...given }, ..._meta });
    expect(result.content).not.toMatchObject([{ text: expect.stringContaining("cannot be reached") }]);
    return (result.structuredContent as Record<string, unknown> | undefined) ?? { refused: result.content };
  }

  test("hands off once per call, however often the call comes", async () => {
    const given = { plan: { title: "Once", tasks: [{ id: "a", title: "A", command: "true" }] } };
    const first = await call("handoff", given, `toolu_${era}`);
    expect(first).toMatchObject({ created: true, tasks: 1 });
    const again = await call("handoff", given, `toolu_${era}`);
    expect(again).toMatchObject({ created: false, executionId: first["executionId"] });
    expect(again["summary"]).toContain("Already handed off: Once");
    await untilEnded(await orchestrator.client(), String(first["executionId"]));
    expect(await call("status", {})).toMatchObject({ status: "completed", executionId: first["executionId"] });
  });

  test("pauses, resumes, retries and skips", async () => {
    const tasks = [
      waits(`${era}-go`),
      { id: "broken", title: "Broken", command: `[ -e ${era}-fixed ] || exit 3` },
      { id: "hopeless", title: "Hopeless", command: "exit 4" },
      { id: "after", title: "After", command: "true", dependencies: ["broken", "hopeless"] },
    ];
    const { executionId } = await call("handoff", { plan: { title: "Steered", tasks }, maxAttempts: 1 });
    const control = (action: string, more: object = {}) => call("control", { executionId, action, ...more });
    expect(await control("pause", { reason: "lunch" })).toMatchObject({ status: "paused", changed: true });
    expect(await control("pause")).toMatchObject({ status: "paused", changed: false });
    expect(await call("list", { status: "paused", thisSession: true })).toMatchObject({ executions: [{ executionId }] });
    await control("resume");
    await expect.poll(() => call("status", { executionId }), { timeout: 20_000 }).toMatchObject({ counts: { failed: 2 } });
    expect((await call("status", { executionId }))["taskText"]).toContain("broken: exited with code 3");
    await letGo(`${era}-fixed`);
    expect(await control("retry", { taskId: "broken" })).toMatchObject({ changed: true });
    expect(await control("skip", { taskId: "hopeless" })).toMatchObject({ changed: true });
    await letGo(`${era}-go`);
    expect(await untilEnded(await orchestrator.client(), String(executionId))).toMatchObject({ status: "completed" });
    expect(await control("cancel")).toHaveProperty("refused");
  });

  test("approves only what was shown, and only when the user has decided", async () => {
    const tasks = [{ id: "a", title: "A", command: "true" }];
    const { executionId } = await call("handoff", {
      plan: { title: "Approved", tasks },
      approvalMode: "final",
      workspace: await quietFolder(),
    });
    await expect
      .poll(() => call("approve", { executionId }), { timeout: 20_000 })
      .toMatchObject({ waiting: [{ title: "Approve the result" }] });
    const listed = await call("approve", { executionId });
    const [{ approvalId, digest }] = listed["waiting"] as [{ approvalId: string; digest: string }];
    expect(listed["taskText"]).toContain("a reported:");
    expect(await call("approve", { approvalId, decision: "approve" })).toHaveProperty("refused");
    expect(await call("approve", { approvalId, digest: "0".repeat(64), decision: "approve" })).toHaveProperty("refused");
    expect(await call("approve", { approvalId, digest, decision: "approve" })).toMatchObject({ summary: "It was approved." });
    const record = await approvals(await orchestrator.client(), String(executionId));
    expect(record.approvals).toMatchObject([{ status: "approved", channel: "session-relayed" }]);
    expect(await untilEnded(await orchestrator.client(), String(executionId))).toMatchObject({ status: "completed" });
  });

  test("cancels what runs", async () => {
    const { executionId } = await call("handoff", { plan: { title: "Endless", tasks: [waits("never")] } });
    expect(await call("control", { executionId, action: "cancel" })).toMatchObject({ changed: true });
    expect(await untilEnded(await orchestrator.client(), String(executionId))).toMatchObject({ status: "cancelled" });
    expect(await call("status", { executionId })).toMatchObject({ status: "cancelled", counts: { running: 0 } });
  });

  test("is told the lines of what is wrong in a plan file", async () => {
    await mkdir(join(cwd, "plans"), { recursive: true });
    const plan = "# Loop\n\n- [ ] T1 First (depends on T2)\n- [ ] T2 Second (depends on T1)\n";
    await writeFile(join(cwd, "plans", "plan.md"), plan);
    const { refused } = await call("handoff", { path: "plans/plan.md" });
    expect(refused).toMatchObject([{ text: expect.stringMatching(/plan\.md, line 3: .*T1.*T2/) }]);
  });

  test("works on when the orchestrator is killed: the next call starts it again", async () => {
    const tasks = [waits(`${era}-late`)];
    const { executionId } = await call("handoff", { plan: { title: "Survivor", tasks } });
    const before = await orchestrator.kill();
    expect(await call("status", { executionId })).toMatchObject({ executionId, title: "Survivor" });
    expect(await orchestrator.pid()).not.toBe(before);
    await letGo(`${era}-late`);
    expect(await untilEnded(await orchestrator.client(), String(executionId))).toMatchObject({ status: "completed" });
  });
});

describe.each(["legacy", "modern"] as const)("a person in front of a client of the %s protocol", (era) => {
  test("decides in a dialog, whatever the model says, and the record says so", async () => {
    const answers: ElicitResult[] = [
      { action: "cancel" },
      { action: "accept", content: { decision: "reject", note: "not on a Friday" } },
    ];
    const shown: string[] = [];
    const client = await connectClient(orchestrator.home, era, {
      environment: orchestrator.environment,
      cwd,
      answerForm(message) {
        shown.push(message);
        return answers.shift() ?? { action: "cancel" };
      },
    });
    const tasks = [{ id: "a", title: "A", command: "true" }];
    const call = async (name: string, given: Record<string, unknown>) =>
      (await client.callTool({ name, arguments: given })).structuredContent as Record<string, unknown>;
    const { executionId } = await call("handoff", {
      plan: { title: `Asked ${era}`, tasks },
      approvalMode: "final",
      workspace: await quietFolder(),
    });
    await expect.poll(() => call("inbox", { executionId }), { timeout: 20_000 }).toMatchObject({ waiting: [{}] });
    const { waiting } = await call("inbox", { executionId });
    const [{ approvalId, digest }] = waiting as [{ approvalId: string; digest: string }];

    const closed = await call("approve", { executionId, approvalId, digest, decision: "approve" });
    expect(closed["summary"]).toContain("that is no decision");
    expect(closed["waiting"]).toHaveLength(1);
    expect(await call("control", { executionId, action: "approve", digest })).toMatchObject({
      summary: expect.stringContaining("the user rejected it and said: not on a Friday"),
    });
    expect(shown).toHaveLength(2);
    expect(shown[0]).toContain(`Approve "Approve the result" of Asked ${era}?`);
    const record = await approvals(await orchestrator.client(), String(executionId));
    expect(record.approvals).toMatchObject([{ status: "rejected", channel: "session", note: "not on a Friday" }]);
    await client.close();
  });
});

test("an execution is a task from its hand-off to its end, over processes of the MCP server and the answer of a person", async () => {
  const { environment, home } = orchestrator;
  const tasks = [
    { id: "sign", title: "Sign the form", kind: "human" },
    { id: "send", title: "Send it", command: "echo sent", dependencies: ["sign"] },
  ];
  const first = startRawServer(home, { tasks: true, environment, cwd });
  const { result: task } = await first.request("tools/call", { name: "handoff", arguments: { plan: { title: "Form", tasks } } });
  expect(task).toMatchObject({ resultType: "task", status: "working" });
  expect(await first.end()).toBe(0);

  const taskId = String(task?.["taskId"]);
  const second = startRawServer(home, { tasks: true, environment, cwd });
  const getTask = async () => (await second.request("tasks/get", { taskId })).result;
  await expect
    .poll(getTask, { timeout: 20_000 })
    .toMatchObject({ status: "input_required", statusMessage: "0/2 · waiting for: Sign the form" });
  const [actionId] = Object.keys((await getTask())?.["inputRequests"] as object);
  const inputResponses = { [String(actionId)]: { action: "accept", content: { outcome: "done" } } };
  expect((await second.request("tasks/update", { taskId, inputResponses })).error).toBeUndefined();
  await expect.poll(getTask, { timeout: 20_000 }).toMatchObject({
    status: "completed",
    result: { structuredContent: { status: "completed", tasks: 2 } },
  });
  await second.end();
});

test("a task that is cancelled is a cancelled execution", async () => {
  const { environment, home } = orchestrator;
  const server = startRawServer(home, { tasks: true, environment, cwd });
  const plan = { title: "Endless", tasks: [{ id: "a", title: "A", command: "sleep 600" }] };
  const { result } = await server.request("tools/call", { name: "handoff", arguments: { plan } });
  const taskId = String(result?.["taskId"]);
  expect((await server.request("tasks/cancel", { taskId })).error).toBeUndefined();
  await expect
    .poll(async () => (await server.request("tasks/get", { taskId })).result, { timeout: 20_000 })
    .toMatchObject({ status: "cancelled" });
  expect((await server.request("tasks/cancel", { taskId })).error).toBeUndefined();
  await server.end();
});
