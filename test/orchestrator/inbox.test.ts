/** The queue of what only people can do, of a real orchestrator and through the command line. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Action } from "../../orchestrator/api/action-contract.ts";
import { longhaul } from "../support/command.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: database.databaseUrl });
  running = await orchestrator.start();
});
afterAll(async () => {
  await orchestrator.remove();
  await drop();
});

const handoff = async (tasks: object[], options: object = {}) =>
  (await running.client.handoff({ plan: { title: "For people", tasks }, options })).executionId;
const queue = async (executionId: string) =>
  (await running.client.pendingActions()).filter((action) => action.executionId === executionId);
async function until(executionId: string, type: string, times = 1): Promise<void> {
  for await (const event of running.client.stream(executionId)) if (event.type === type && --times === 0) return;
}

describe("the queue of people", () => {
  it("is sorted by urgency, then by all that waits for it, and says how, how long and why", async () => {
    const executionId = await handoff([
      { id: "busy", title: "Busy", command: "sleep 60" },
      { id: "alone", title: "Nothing waits for it", kind: "human" },
      { id: "few", title: "One waits for it", kind: "human" },
      { id: "after-few", title: "After few", command: "true", dependencies: ["few"] },
      { id: "chain", title: "Three wait for it", kind: "human", manualEstimate: "10m-20m" },
      { id: "c1", title: "C1", command: "true", dependencies: ["chain"] },
      { id: "c2", title: "C2", command: "true", dependencies: ["c1"] },
      { id: "c3", title: "C3", command: "true", dependencies: ["c2"] },
      { id: "now", title: "Urgent", kind: "human", params: { urgency: "high", how: "Press the red button.", why: "It is red." } },
    ]);
    const actions = await queue(executionId);
    expect(actions.map(({ taskId, urgency, unblocks }) => [taskId, urgency, unblocks])).toEqual([
      ["now", "high", 0],
      ["chain", "normal", 3],
      ["few", "normal", 1],
      ["alone", "low", 0],
    ]);
    expect(actions[0]).toMatchObject({ how: "Press the red button.", why: "It is red.", minutes: null });
    expect(actions[1]).toMatchObject({ minutes: { least: 10, most: 20 }, waitsFor: "human", diff: null, material: [] });
    const text = await longhaul(orchestrator.home, "inbox");
    expect(text.indexOf("Urgent")).toBeLessThan(text.indexOf("Three wait for it"));
    expect(text).toContain("how    Press the red button.");
    expect(text).toContain("takes  10 to 20 min");
    expect(text).toContain("normal urgency: other tasks go on meanwhile; 3 tasks wait for it");
    await running.client.control(executionId, { action: "cancel" });
  });

  it("is urgent when nothing else can go on, names what was prepared, and done goes on at once", async () => {
    const executionId = await handoff([
      { id: "make", title: "Make", kind: "data", params: { input: { value: [{ a: 1 }] }, output: "csv" } },
      { id: "read", title: "Read the numbers", kind: "human", dependencies: ["make"] },
      { id: "after", title: "After", command: "true", dependencies: ["read"] },
    ]);
    await until(executionId, "execution.blocked");
    const [action] = (await queue(executionId)) as [Action];
    expect(action).toMatchObject({ taskId: "read", urgency: "high", material: [{ taskId: "make", mediaType: "text/csv" }] });
    expect(execFileSync("cat", [action.material[0]?.location as string]).toString()).toContain("1");
    await longhaul(orchestrator.home, "done", action.id, "--minutes", "2", "--note", "read");
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
    expect(await queue(executionId)).toEqual([]);
  });

  it("shows what does not merge", async () => {
    const folder = await mkdtemp("/tmp/longhaul-inbox-");
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder });
    git("init", "-q");
    git("-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "--allow-empty", "-m", "first");
    const edit = (id: string) => ({
      id,
      title: id,
      command: `echo from-${id} >file; sleep 1`,
      params: { workspace: "worktree" },
    });
    const executionId = await handoff([edit("a"), edit("b")], { workspace: folder, concurrency: 2 });
    await until(executionId, "task.awaiting_human");
    const [action] = (await queue(executionId)) as [Action];
    expect(action.diff).toMatch(/from-a[\s\S]*from-b|from-b[\s\S]*from-a/);
    expect(action.how).toContain("git -C ");
    expect(await longhaul(orchestrator.home, "inbox")).toMatch(/│ .*from-[ab]/);
    await running.client.control(executionId, { action: "cancel" });
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
});
