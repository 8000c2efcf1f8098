import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Client } from "../../../client/client.ts";
import { checkpointsOf, rollBack } from "../../../client/workspace.ts";
import { createCheckpointStore } from "../../../orchestrator/store/checkpoints.ts";
import { type Database, openDatabase } from "../../../orchestrator/store/db.ts";
import { brokenInvariants } from "../../support/invariants.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";
import { contentsOf } from "./folder.ts";

let orchestrator: TestOrchestrator;
let database: Database;
let drop: () => Promise<void>;
let client: Client;
let workspace: string;

beforeAll(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
  orchestrator = await createTestOrchestrator({ DATABASE_URL: test.databaseUrl });
  ({ client } = await orchestrator.start());
});
afterAll(async () => {
  await orchestrator.remove();
  await database.close();
  await drop();
});
beforeEach(() => {
  workspace = mkdtempSync("/tmp/longhaul-work-");
  sh("git init -q -b main; git config user.name u; git config user.email u@l; echo 0 > log; git add -A; git commit -qm first");
  return () => rmSync(workspace, { recursive: true });
});

const sh = (command: string) => execFileSync("bash", ["-euc", command], { cwd: workspace, encoding: "utf8" });
const chain = [
  { id: "one", title: "One", command: "echo one >> log; echo 1 > untracked" },
  { id: "two", title: "Two", command: "echo two >> log; rm untracked", dependencies: ["one"] },
  { id: "three", title: "Three", command: "echo three >> log", dependencies: ["two"] },
];
const handoff = async (tasks: object[]) =>
  (await client.handoff({ plan: { title: "rollback", tasks }, options: { workspace } })).executionId;
const statuses = async (id: string) =>
  Object.fromEntries((await client.execution(id)).tasks.map((task) => [task.id, task.status]));
async function untilEvent(executionId: string, type: string): Promise<void> {
  for await (const event of client.stream(executionId)) if (event.type === type) return;
  throw new Error(`the execution ended without ${type}`);
}

describe("a rollback", () => {
  it("shows the difference, brings back files and state together, runs on from there, and can be undone", async () => {
    const id = await handoff(chain);
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    const kept = await checkpointsOf(client, id);
    expect(kept.checkpoints.map((one) => `${one.moment} ${one.taskId}`)).toEqual(
      chain.flatMap((task) => [`before ${task.id}`, `after ${task.id}`]),
    );
    const ended = contentsOf(workspace);

    const preview = await rollBack(client, id, { to: "one", dryRun: true });
    expect(preview).toMatchObject({
      status: "completed",
      files: [
        { path: "log", change: "modified", insertions: 0, deletions: 2 },
        { path: "untracked", change: "added", insertions: 1, deletions: 0 },
      ],
      tasks: [
        { id: "two", status: "completed", becomes: "pending" },
        { id: "three", status: "completed", becomes: "pending" },
      ],
    });
    expect(contentsOf(workspace)).toEqual(ended);

    expect(await rollBack(client, id, { to: "one" })).toMatchObject({ status: "paused", number: 1, fileCount: 2 });
    expect(contentsOf(workspace)).toEqual({ log: "0\none\n", untracked: "1\n" });
    expect(await statuses(id)).toEqual({ one: "completed", two: "queued", three: "pending" });

    expect(await rollBack(client, id, { undo: true })).toMatchObject({ status: "completed", number: 2 });
    expect(contentsOf(workspace)).toEqual(ended);
    expect(await statuses(id)).toEqual({ one: "completed", two: "completed", three: "completed" });

    await rollBack(client, id, { to: "two", moment: "before" });
    sh("echo mine > untracked");
    await client.control(id, { action: "resume" });
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    expect(contentsOf(workspace)).toEqual(ended);
    const types = (await client.events(id, { limit: 1000 })).events.map((event) => event.type);
    expect(types.filter((type) => type === "execution.rolled_back")).toHaveLength(3);
    expect(await brokenInvariants(database)).toEqual([]);
    expect(sh("git status --short; git stash list; git log --oneline | wc -l")).toBe(" M log\n1\n");
  });

  it("goes back over a failure, and over what ran beside", async () => {
    const id = await handoff([
      ...chain.slice(0, 1),
      { id: "beside", title: "Beside", command: "while [ ! -e untracked ]; do sleep 0.02; done; sleep 0.2; echo x > beside" },
      { id: "bad", title: "Bad", command: "echo bad >> log; exit 3", dependencies: ["one"], retry: { maxAttempts: 1 } },
      { id: "after", title: "After", command: "true", dependencies: ["bad"] },
    ]);
    expect(await untilEnded(client, id)).toMatchObject({ status: "failed" });
    await rollBack(client, id, { to: "one" });
    expect(await statuses(id)).toEqual({ one: "completed", beside: "queued", bad: "queued", after: "pending" });
    expect(contentsOf(workspace)).toMatchObject({ log: "0\none\n" });
    await rollBack(client, id, { undo: true });
    expect(await statuses(id)).toEqual({ one: "completed", beside: "completed", bad: "failed", after: "skipped" });
    expect((await client.status(id)).status).toBe("failed");
  });

  it("is refused while a task runs, for tasks that did not complete or do not exist, and where there is nothing to undo", async () => {
    const id = await handoff([
      ...chain.slice(0, 1),
      { id: "slow", title: "Slow", command: "touch started; while [ ! -e go ]; do sleep 0.02; done", dependencies: ["one"] },
    ]);
    for await (const event of client.stream(id)) if (event.type === "task.started" && event.taskId === "slow") break;
    await expect(rollBack(client, id, { to: "one" })).rejects.toThrow(/running/);
    await expect(rollBack(client, id, { to: "slow" })).rejects.toThrow(/in_progress/);
    await expect(rollBack(client, id, { to: "nothing" })).rejects.toThrow(/no task 'nothing'/);
    await expect(rollBack(client, id, { undo: true })).rejects.toThrow(/nothing to undo/);
    await expect(rollBack(client, id, {})).rejects.toThrow(/either to/);
    sh("touch go");
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
  });
});

describe("kill -9 of the orchestrator", () => {
  it("between the intent and the files: the next start does the rest, and commands wait for it", async () => {
    const id = await handoff(chain);
    await untilEnded(client, id);
    const { checkpoints } = await checkpointsOf(client, id);
    const to = checkpoints.find((one) => one.moment === "after" && one.taskId === "one");
    const node = (await database.query<{ id: string }>({ name: "n", text: "select id from nodes", values: [] }))[0]?.id as string;
    await orchestrator.kill();
    const store = createCheckpointStore(database, node);
    const target = { taskId: "one", ordinal: 0, moment: "after", attempt: 1, seq: to?.seq as number } as const;
    await store.begin(id, target, workspace, to?.tree as string);
    await expect(store.begin(id, target, workspace, to?.tree as string)).rejects.toThrow(/being rolled back/);
    ({ client } = await orchestrator.start());
    expect(contentsOf(workspace)).toEqual({ log: "0\none\n", untracked: "1\n" });
    expect(await statuses(id)).toEqual({ one: "completed", two: "queued", three: "pending" });
    await rollBack(client, id, { undo: true });
    expect(await statuses(id)).toEqual({ one: "completed", two: "completed", three: "completed" });
  });

  it("in a rollback whose files are gone: the next start says so, changes no task, and commands are taken again", async () => {
    const id = await handoff(chain);
    await untilEnded(client, id);
    const before = contentsOf(workspace);
    const node = (await database.query<{ id: string }>({ name: "n", text: "select id from nodes", values: [] }))[0]?.id as string;
    await orchestrator.kill();
    const target = { taskId: "one", ordinal: 0, moment: "after", attempt: 1, seq: 1 } as const;
    await createCheckpointStore(database, node).begin(id, target, workspace, "f".repeat(40));
    ({ client } = await orchestrator.start());
    expect((await checkpointsOf(client, id)).rollbacks).toMatchObject([{ number: 1, status: "failed" }]);
    expect(contentsOf(workspace)).toEqual(before);
    expect(await statuses(id)).toEqual({ one: "completed", two: "completed", three: "completed" });
    await rollBack(client, id, { to: "one" });
    expect(await statuses(id)).toEqual({ one: "completed", two: "queued", three: "pending" });
  });

  it("at any moment: files and state are both from before it or both from after it", async () => {
    sh("mkdir many; for i in $(seq 600); do echo $i > many/$i; done");
    const id = await handoff([
      { id: "one", title: "One", command: "for f in many/*; do echo one >> $f; done" },
      { id: "two", title: "Two", command: "for f in many/*; do echo two >> $f; done", dependencies: ["one"] },
    ]);
    await untilEnded(client, id);
    const startedMs = performance.now();
    await rollBack(client, id, { to: "one" });
    await rollBack(client, id, { undo: true });
    const oneMs = (performance.now() - startedMs) / 2;
    const rounds = process.env["LONGHAUL_FAULT"] === "full" ? 50 : 5;
    for (let round = 0; round < rounds; round += 1) {
      const back = sh("tail -qn 1 many/* | sort -u").trim() === "two";
      const asked = rollBack(client, id, back ? { to: "one" } : { undo: true }).catch(() => undefined);
      await delay((oneMs * (round + 0.5)) / rounds);
      await orchestrator.kill();
      await asked;
      ({ client } = await orchestrator.start());
      const files = sh("tail -qn 1 many/* | sort -u").trim();
      const state = (await statuses(id))["two"];
      expect([`two completed`, `one queued`]).toContain(`${files} ${state}`);
    }
    expect(await brokenInvariants(database)).toEqual([]);
  }, 600_000);

  it("between two tasks: each has its checkpoints once", async () => {
    const id = await handoff(
      Array.from({ length: 6 }, (_, index) => ({
        id: `t${index}`,
        title: "t",
        command: `sleep 0.1; echo ${index} >> log`,
        dependencies: index === 0 ? [] : [`t${index - 1}`],
      })),
    );
    await untilEvent(id, "task.completed");
    for (const pause of [30, 120, 210]) {
      await delay(pause);
      await orchestrator.kill();
      ({ client } = await orchestrator.start());
    }
    expect(await untilEnded(client, id)).toMatchObject({ status: "completed" });
    const { checkpoints } = await checkpointsOf(client, id);
    for (const [index] of Array.from({ length: 6 }).entries()) {
      const after = checkpoints.filter(
        (one) => one.taskId === `t${index}` && one.moment === "after" && one.outcome === "succeeded",
      );
      expect(after).toHaveLength(1);
      expect(sh(`git show ${after[0]?.tree}:log`)).toBe(
        ["0", ...Array.from({ length: index + 1 }, (_, n) => n)].join("\n") + "\n",
      );
    }
  });
});
