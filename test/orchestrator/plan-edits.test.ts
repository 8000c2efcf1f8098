/** Plans that change while they run: what has not begun follows, what has stays, and the file shows the progress. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPlan, writeBack } from "../../client/plan-edits.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";

let drop: () => Promise<void>;
let orchestrator: TestOrchestrator;
let running: Awaited<ReturnType<TestOrchestrator["start"]>>;
let folder: string;

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
beforeEach(async () => {
  folder = await mkdtemp("/tmp/longhaul-edit-");
  return () => rm(folder, { recursive: true, force: true });
});

const plan = (tasks: object[]) => ({ title: "Edited", tasks });
const release = (name: string) => writeFile(join(folder, name), "");
/** Runs until a file appears. */
const gate = (name: string) => `while ! test -e ${name}; do sleep 0.05; done; echo ${name} >>order`;

async function handoff(tasks: object[], options: object = {}) {
  const { executionId } = await running.client.handoff({ plan: plan(tasks), options: { workspace: folder, ...options } });
  for await (const event of running.client.stream(executionId)) if (event.type === "task.started") return executionId;
  throw new Error("nothing was started");
}
const statuses = async (id: string) =>
  Object.fromEntries((await running.client.execution(id)).tasks.map((task) => [task.id, task.status]));

describe("a plan that changes while it runs", () => {
  it("gets new tasks, loses those that are gone, and runs changed ones as they are now", async () => {
    const first = { id: "first", title: "First", command: gate("first") };
    const executionId = await handoff([
      first,
      { id: "second", title: "Second", command: "echo old >>order", dependencies: ["first"] },
      { id: "gone", title: "Gone", command: "echo gone >>order", dependencies: ["second"] },
      { id: "last", title: "Last", command: "echo last >>order", dependencies: ["gone"] },
    ]);
    const changed = plan([
      first,
      { id: "second", title: "Second", command: "echo new >>order", dependencies: ["first"] },
      { id: "between", title: "Between", command: "echo between >>order", dependencies: ["second"] },
      { id: "last", title: "Last", command: "echo last >>order", dependencies: ["between"] },
    ]);
    const shown = await editPlan(running.client, executionId, { plan: changed, dryRun: true });
    expect(shown).toMatchObject({
      applied: false,
      added: [{ id: "between" }],
      removed: [{ id: "gone" }],
      changed: [
        { id: "second", fields: ["params", "commands"] },
        { id: "last", fields: ["dependencies"] },
      ],
      unchanged: 1,
    });
    expect((await running.client.execution(executionId)).tasks.map(({ id }) => id)).not.toContain("between");

    expect(await editPlan(running.client, executionId, { plan: changed })).toMatchObject({ applied: true, undecided: [] });
    await release("first");
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed", progress: { percentage: 100 } });
    expect(await readFile(join(folder, "order"), "utf8")).toBe("first\nnew\nbetween\nlast\n");
    expect(await statuses(executionId)).toEqual({
      first: "completed",
      second: "completed",
      between: "completed",
      gone: "skipped",
      last: "completed",
    });
    const { events } = await running.client.events(executionId, { limit: 500 });
    expect(events.filter(({ type }) => type === "execution.edited").map(({ data }) => data)).toMatchObject([
      { added: ["between"], removed: ["gone"], changed: ["second", "last"] },
    ]);
  });

  it("keeps what ended and lets what runs go on, and takes a task in again that was taken out", async () => {
    const done = { id: "done", title: "Done", command: "true" };
    const busy = { id: "busy", title: "Busy", command: gate("busy"), dependencies: ["done"] };
    const later = { id: "later", title: "Later", command: "echo later >>order", dependencies: ["busy"] };
    const executionId = await handoff([done, busy, later]);
    await expect.poll(() => statuses(executionId)).toMatchObject({ done: "completed", busy: "in_progress" });

    const edited = await editPlan(running.client, executionId, {
      plan: plan([
        { ...done, command: "false" },
        { ...busy, command: "false" },
      ]),
    });
    expect(edited).toMatchObject({ kept: ["done"], undecided: ["busy"], removed: [{ id: "later" }] });
    expect(await statuses(executionId)).toMatchObject({ done: "completed", busy: "in_progress", later: "skipped" });
    expect(await editPlan(running.client, executionId, { plan: plan([done, busy, later]) })).toMatchObject({
      added: [{ id: "later" }],
    });
    await release("busy");
    expect(await untilEnded(running.client, executionId)).toMatchObject({ status: "completed" });
    expect(await readFile(join(folder, "order"), "utf8")).toBe("busy\nlater\n");
  });

  it("is refused when it is broken, or when nothing runs any more; nothing changes then", async () => {
    const executionId = await handoff([{ id: "a", title: "A", command: gate("a") }]);
    const circle = plan([
      { id: "a", title: "A", command: "true", dependencies: ["b"] },
      { id: "b", title: "B", command: "true", dependencies: ["a"] },
    ]);
    await expect(editPlan(running.client, executionId, { plan: circle })).rejects.toMatchObject({
      problem: { code: "invalid_plan" },
    });
    await expect(editPlan(running.client, executionId, {})).rejects.toThrow("not handed off as a file");
    await release("a");
    await untilEnded(running.client, executionId);
    await expect(
      editPlan(running.client, executionId, { plan: plan([{ id: "z", title: "Z", command: "true" }]) }),
    ).rejects.toThrow("is completed, only one that has not ended can be edited");
    expect(Object.keys(await statuses(executionId))).toEqual(["a"]);
  });
});

describe("progress in the plan's file", () => {
  it("is ticked there, and not one other byte changes", async () => {
    const file = join(folder, "TODO.md");
    const text = "# Todo\r\n\r\n- [ ] Say hello  \r\n  Run: `echo hello`\r\n- [ ] Fail\r\n  Run: `false`\r\n\r\nThe end";
    await writeFile(file, text);
    const { executionId } = await running.client.handoff({
      path: file,
      options: { workspace: folder, retry: { maxAttempts: 1 } },
    });
    await untilEnded(running.client, executionId);
    const tasks = await statuses(executionId);
    const [hello] = Object.entries(tasks).find(([, status]) => status === "completed") ?? [];
    expect(await writeBack(running.client, executionId, { dryRun: true })).toMatchObject({ files: [{ file, ticked: [hello] }] });
    expect(await readFile(file, "utf8")).toBe(text);
    expect(await writeBack(running.client, executionId)).toMatchObject({ written: true, skipped: [] });
    expect(await readFile(file, "utf8")).toBe(text.replace("[ ] Say", "[x] Say"));

    await writeFile(file, text.replace("Say hello", "Something else"));
    expect(await writeBack(running.client, executionId)).toMatchObject({
      files: [{ ticked: [] }],
      skipped: [{ id: hello, why: expect.stringContaining("no longer speaks of this task") }],
    });
  });

  it("is read again from there when the plan is edited without saying which", async () => {
    const file = join(folder, "TODO.md");
    await writeFile(file, `- [ ] Wait\n  Run: \`${gate("go")}\`\n`);
    const { executionId } = await running.client.handoff({ path: file, options: { workspace: folder } });
    await writeFile(file, `- [ ] Wait\n  Run: \`${gate("go")}\`\n- [ ] More\n  Run: \`echo more >>order\`\n`);
    expect(await editPlan(running.client, executionId, {})).toMatchObject({
      added: [{ title: expect.stringContaining("More") }],
    });
    await release("go");
    await untilEnded(running.client, executionId);
    expect(await readFile(join(folder, "order"), "utf8")).toContain("more");
  });
});
