import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Database, openDatabase } from "../../../orchestrator/store/db.ts";
import { type AttemptKey, createEngine, type Ending, type Engine } from "../../../orchestrator/store/engine.ts";
import { createExecutionStore } from "../../../orchestrator/store/executions.ts";
import { createInboxStore } from "../../../orchestrator/store/inbox.ts";
import { submissionOf, submitTasks } from "../../support/plans.ts";
import { createTestDatabase } from "../../support/postgres.ts";

let database: Database;
let drop: () => Promise<void>;
let engine: Engine;
const all = (kinds: Record<string, number> = { noop: 100 }, total = 100) => ({ total, perKind: new Map(Object.entries(kinds)) });
const none = { total: 0, perKind: new Map<string, number>() };

beforeAll(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
});
afterAll(async () => {
  await database.close();
  await drop();
});
beforeEach(async () => {
  await database.query({
    name: "clean",
    text: "truncate executions, nodes, concurrency_limits, idempotency_keys cascade",
    values: [],
  });
  engine = createEngine(database, "node-a", 30);
  await engine.register("test");
});

const claim = async (slots = all()) => (await engine.step([], slots)).claimed;
const ending = (key: AttemptKey, outcome: Ending["outcome"] = "succeeded", detail: Partial<Ending["detail"]> = {}): Ending => ({
  executionId: key.executionId,
  ordinal: key.ordinal,
  attempt: key.attempt,
  outcome,
  detail: { message: outcome, ...detail },
});
const store = () => createExecutionStore(database);
const statuses = async (executionId: string) =>
  Object.fromEntries((await store().briefs(executionId)).map((row) => [row.task_id, row.status]));
const eventsOf = async (executionId: string) => store().events(executionId, 0, 10_000);

describe("a task that is held", () => {
  const hold = (waitFor: "human" | "approval" | "external", onDone: "complete" | "continue") => ({
    hold: { name: "gate-1", waitFor, onDone, detail: { what: "look" } },
  });
  it.each([
    ["human", "awaiting_human"],
    ["approval", "awaiting_approval"],
    ["external", "blocked"],
  ] as const)("for %s burns no attempt, is %s, and runs again with the answer", async (waitFor, status) => {
    const id = await submitTasks(engine, [{ maxAttempts: 1 }, {}], [[0, 1]]);
    const [first] = await claim();
    await engine.step([ending(first as AttemptKey, "hold", hold(waitFor, "continue"))], none);
    expect(await statuses(id)).toEqual({ t0: status, t1: "pending" });
    expect(await store().execution(id)).toMatchObject({ status: "blocked", running: 0, waiting: 1 });
    expect(await createInboxStore(database).awaiting()).toMatchObject([{ execution_id: id, ordinal: 0 }]);
    expect(await claim()).toEqual([]);
    expect(await engine.completeWaiting(id, 0, "done", "looks good")).toBe(true);
    const [again] = await claim();
    expect(again).toMatchObject({ ordinal: 0, attempt: 2, failures: 0 });
    expect((await store().inputs(id, 0)).released).toMatchObject([{ name: "gate-1", note: "looks good" }]);
    await engine.step([ending(again as AttemptKey)], none);
    expect(await statuses(id)).toEqual({ t0: "completed", t1: "queued" });
    const events = await eventsOf(id);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map((event) => event.type)).toContain(`task.${status}`);
  });

  it("completes with the answer when the answer is what was missing", async () => {
    const id = await submitTasks(engine, [{}, {}], [[0, 1]]);
    const [first] = await claim();
    await engine.step([ending(first as AttemptKey, "hold", hold("human", "complete"))], none);
    expect(await engine.completeWaiting(id, 0, "done", "checked by hand")).toBe(true);
    expect(await engine.completeWaiting(id, 0, "done", "checked by hand")).toBe(false);
    expect(await statuses(id)).toEqual({ t0: "completed", t1: "queued" });
  });
});

describe("a diamond", () => {
  const edges: [number, number][] = [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ];

  it("runs in dependency order, in one step per hop", async () => {
    const id = await submitTasks(engine, [{}, {}, {}, {}], edges);
    const order: number[][] = [];
    for (let claimed = await claim(); claimed.length > 0; ) {
      order.push(claimed.map((task) => task.ordinal));
      claimed = (
        await engine.step(
          claimed.map((task) => ending(task)),
          all(),
        )
      ).claimed;
    }
    expect(order).toEqual([[0], [1, 2], [3]]);
    expect((await store().execution(id)).status).toBe("completed");
  });

  it("logs every transition without a gap", async () => {
    const id = await submitTasks(engine, [{}, {}], [[0, 1]]);
    const [first] = await claim();
    const [second] = (await engine.step([ending(first as AttemptKey)], all())).claimed;
    await engine.step([ending(second as AttemptKey)], none);
    const events = await eventsOf(id);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.map((event) => `${event.type} ${event.taskId ?? ""}`.trim())).toEqual([
      "execution.created",
      "execution.started",
      "task.started t0",
      "task.completed t0",
      "task.started t1",
      "task.completed t1",
      "execution.completed",
    ]);
  });

  it("skips what hangs on a task that failed for good, and runs it after a retry", async () => {
    const id = await submitTasks(engine, [{ maxAttempts: 1 }, {}, {}, {}], edges);
    const [first] = await claim();
    await engine.step([ending(first as AttemptKey, "retry")], none);
    expect(await statuses(id)).toEqual({ t0: "failed", t1: "skipped", t2: "skipped", t3: "skipped" });
    expect((await store().execution(id)).status).toBe("failed");

    expect(await engine.retry(id, undefined)).toEqual(["t0", "t1", "t2", "t3"]);
    expect(await statuses(id)).toEqual({ t0: "queued", t1: "pending", t2: "pending", t3: "pending" });
    const [again] = await claim();
    expect(again).toMatchObject({ ordinal: 0, attempt: 2, failures: 0 });
  });

  it("goes on past a task that a person skipped", async () => {
    const id = await submitTasks(engine, [{ maxAttempts: 1 }, {}, {}, {}], edges);
    const [first] = await claim();
    await engine.step([ending(first as AttemptKey, "failed")], none);
    await engine.skip(id, "t0");
    expect(await statuses(id)).toEqual({ t0: "skipped", t1: "queued", t2: "queued", t3: "pending" });
  });
});

describe("fencing", () => {
  it("refuses the report of a superseded attempt and changes nothing", async () => {
    const id = await submitTasks(engine, [{}]);
    const [old] = await claim();
    await engine.step([ending(old as AttemptKey, "retry", { delayMs: 0 })], none);
    await engine.promote();
    const [current] = await claim();
    expect(current?.attempt).toBe(2);
    const { ended } = await engine.step([ending(old as AttemptKey)], none);
    expect(ended).toMatchObject([{ accepted: false }]);
    expect(await statuses(id)).toEqual({ t0: "in_progress" });
  });

  it("takes a repeated report once", async () => {
    const id = await submitTasks(engine, [{}]);
    const [task] = await claim();
    await engine.step([ending(task as AttemptKey)], none);
    const before = await eventsOf(id);
    const { ended } = await engine.step([ending(task as AttemptKey)], none);
    expect(ended).toMatchObject([{ accepted: false }]);
    expect(await eventsOf(id)).toEqual(before);
  });

  it("tells a node which of its attempts were taken away", async () => {
    const id = await submitTasks(engine, [{}, {}]);
    const claimed = await claim();
    await engine.cancel(id, undefined);
    expect(await engine.heartbeat(claimed)).toHaveLength(2);
  });

  it("refuses the older process of a restarted node", async () => {
    await submitTasks(engine, [{}]);
    const restarted = createEngine(database, "node-a", 30);
    await restarted.register("test");
    await expect(claim()).rejects.toMatchObject({ code: "conflict" });
    expect((await restarted.step([], all())).claimed).toHaveLength(1);
  });

  it("hands out the attempts of a node whose lease ran out", async () => {
    await submitTasks(engine, [{}]);
    await claim();
    expect(await engine.expired()).toEqual([]);
    await database.query({
      name: "lapse",
      text: "update nodes set lease_until = longhaul_now() - interval '1 second'",
      values: [],
    });
    expect(await engine.expired()).toMatchObject([{ ordinal: 0, attempt: 1 }]);
  });
});

describe("output", () => {
  it("is recorded once, however often the call is repeated", async () => {
    const id = await submitTasks(engine, [{}]);
    const [task] = await claim();
    const entry = {
      ...(task as AttemptKey),
      fromOffset: 0,
      toOffset: 6,
      events: [{ type: "task.output" as const, data: { text: "hello\0\n" } }],
    };
    expect(await engine.recordOutput([entry])).toEqual([true]);
    expect(await engine.recordOutput([entry])).toEqual([true]);
    const output = (await eventsOf(id)).filter((event) => event.type === "task.output");
    expect(output.map((event) => event.data)).toEqual([{ text: "hello\n" }]);
  });

  it("of a superseded attempt is refused", async () => {
    const id = await submitTasks(engine, [{}]);
    const [task] = await claim();
    await engine.cancel(id, undefined);
    expect(await engine.recordOutput([{ ...(task as AttemptKey), fromOffset: 0, toOffset: 1, events: [] }])).toEqual([false]);
  });
});

describe("claiming", () => {
  it("prefers priority and shares fairly between executions of the same one", async () => {
    const low = await submitTasks(engine, [{}, {}, {}], [], { priority: -1 });
    const one = await submitTasks(engine, Array(6).fill({}));
    const two = await submitTasks(engine, Array(6).fill({}));
    const share = (claimed: AttemptKey[], id: string) => claimed.filter((task) => task.executionId === id).length;
    const claimed = await claim(all({ noop: 4 }, 4));
    expect([share(claimed, low), share(claimed, one), share(claimed, two)]).toEqual([0, 2, 2]);
    const rest = await claim();
    expect(share(rest, low)).toBe(3);
  });

  it("keeps the limits of the execution, of the kind on this node, and of the kind everywhere", async () => {
    await submitTasks(engine, Array(9).fill({}), [], { maxRunning: 2 });
    expect(await claim()).toHaveLength(2);
    await submitTasks(engine, [...Array(5).fill({ kind: "shell" }), ...Array(5).fill({ kind: "claude" })]);
    expect(await claim(all({ shell: 3, claude: 1 }))).toHaveLength(4);
    await database.query({ name: "limit", text: "insert into concurrency_limits values ('shell', 4)", values: [] });
    expect(await claim(all({ shell: 9 }))).toHaveLength(1);
    expect(await claim(all({ shell: 9 }))).toHaveLength(0);
  });

  it("never gives one task to two nodes", async () => {
    const id = await submitTasks(engine, Array(200).fill({}));
    const nodes = await Promise.all(
      ["b", "c", "d", "e"].map(async (name) => {
        const node = createEngine(database, name, 30);
        await node.register("test");
        return node;
      }),
    );
    const claims = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => (await (nodes[i % 4] as Engine).step([], all({ noop: 5 }, 5))).claimed),
    );
    const ordinals = claims.flat().map((task) => task.ordinal);
    expect(ordinals).toHaveLength(200);
    expect(new Set(ordinals).size).toBe(200);
    expect((await store().execution(id)).running).toBe(200);
  });
});

describe("commands", () => {
  it("pause keeps ready tasks back, lets running ones end, and resume goes on from there", async () => {
    const id = await submitTasks(engine, [{}, {}], [[0, 1]]);
    const [task] = await claim();
    expect(await engine.pause(id, undefined)).toBe(true);
    expect(await engine.pause(id, undefined)).toBe(false);
    await engine.step([ending(task as AttemptKey)], none);
    expect(await claim()).toEqual([]);
    await engine.resume(id);
    expect(await claim()).toMatchObject([{ ordinal: 1 }]);
  });

  it("halts after more than three consecutive failures", async () => {
    const id = await submitTasks(engine, Array(6).fill({ maxAttempts: 1 }));
    for (const task of await claim(all({ noop: 4 }, 4))) await engine.step([ending(task, "failed")], none);
    const row = await store().execution(id);
    expect([row.status, row.reason]).toEqual(["paused", "halted after 4 consecutive failures"]);
    expect((await eventsOf(id)).at(-1)).toMatchObject({ type: "execution.halted", data: { reason: row.reason } });
    expect(await claim()).toEqual([]);
  });

  it("retries with the time that was asked for, and no more often than allowed", async () => {
    const id = await submitTasks(engine, [{ maxAttempts: 2 }]);
    const [task] = await claim();
    await engine.step([ending(task as AttemptKey, "retry", { delayMs: 60_000 })], none);
    expect(await engine.promote()).toMatchObject({ promoted: 0 });
    await database.query({ name: "due", text: "update execution_tasks set not_before = longhaul_now()", values: [] });
    expect(await engine.promote()).toMatchObject({ promoted: 1, nextDueMs: undefined });
    const [again] = await claim();
    await engine.step([ending(again as AttemptKey, "retry")], none);
    expect(await statuses(id)).toEqual({ t0: "failed" });
  });

  it("runs a task and everything that hangs on it again, whatever became of it, and nothing else", async () => {
    const id = await submitTasks(
      engine,
      [{}, {}, {}, {}, {}],
      [
        [0, 1],
        [1, 2],
        [1, 3],
      ],
    );
    for (let claimed = await claim(); claimed.some((task) => task.ordinal < 2); ) {
      claimed = (
        await engine.step(
          claimed.map((task) => ending(task, "succeeded", { result: { summary: "first", sessionId: "s" } })),
          all(),
        )
      ).claimed;
    }
    await engine.skip(id, "t3"); // it was running
    expect(await engine.retry(id, "t1", true)).toEqual(["t1", "t2"]);
    expect(await statuses(id)).toEqual({ t0: "completed", t1: "queued", t2: "pending", t3: "skipped", t4: "completed" });
    const [again] = await claim();
    expect(again).toMatchObject({ ordinal: 1, attempt: 2, failures: 0 });
    expect((await store().inputs(id, 1)).sessionId).toBeUndefined(); // it starts anew
    const [late] = (await engine.step([ending({ executionId: id, ordinal: 2, attempt: 1 })], none)).ended;
    expect(late?.accepted).toBe(false);
    await expect(engine.retry(id, "t2", true)).rejects.toMatchObject({ code: "conflict", message: /t2 is pending/ });
  });

  it("release burns no attempt", async () => {
    await submitTasks(engine, [{ maxAttempts: 1 }]);
    const [task] = await claim();
    await engine.step([ending(task as AttemptKey, "release")], none);
    expect(await claim()).toMatchObject([{ ordinal: 0, attempt: 2, failures: 0 }]);
  });

  it("waits again when a person lets run what was skipped before it", async () => {
    const id = await submitTasks(engine, [{}, {}], [[0, 1]]);
    await engine.skip(id, "t0");
    expect(await statuses(id)).toEqual({ t0: "skipped", t1: "queued" });
    await engine.retry(id, "t0");
    expect(await statuses(id)).toEqual({ t0: "queued", t1: "pending" });
  });
  it("says for whom it waits when what it hangs on is done", async () => {
    const id = await submitTasks(engine, [{}, { readyStatus: "awaiting_approval" }, { readyStatus: "awaiting_human" }], [[0, 1]]);
    const [first] = await claim();
    await engine.step([ending(first as AttemptKey)], none);
    const waits = (await eventsOf(id)).filter(({ type }) => type.startsWith("task.awaiting"));
    expect(waits.map(({ taskId, type }) => [taskId, type])).toEqual([
      ["t2", "task.awaiting_human"],
      ["t1", "task.awaiting_approval"],
    ]);
  });
  it("waits for a person and goes on when they are done", async () => {
    const id = await submitTasks(engine, [{ readyStatus: "awaiting_human" }, {}], [[0, 1]]);
    expect((await store().execution(id)).status).toBe("blocked");
    expect(await createInboxStore(database).awaiting()).toMatchObject([{ execution_id: id, task_id: "t0", unblocks: 1 }]);
    expect(await engine.completeWaiting(id, 0, "done", "signed")).toBe(true);
    expect(await engine.completeWaiting(id, 0, "done", "signed")).toBe(false);
    expect(await claim()).toMatchObject([{ ordinal: 1 }]);
  });

  it("does not run again what the plan marks as done, and holds what hangs on deferred work", async () => {
    const id = await submitTasks(
      engine,
      [{ skipCause: "already_done" }, {}, { skipCause: "deferred" }, {}],
      [
        [0, 1],
        [2, 3],
      ],
    );
    expect(await statuses(id)).toEqual({ t0: "skipped", t1: "queued", t2: "skipped", t3: "blocked" });
    await engine.skip(id, "t2");
    expect(await statuses(id)).toMatchObject({ t3: "queued" });
  });

  it("refuses what the state does not allow, naming the state", async () => {
    const id = await submitTasks(engine, [{}]);
    await expect(engine.resume(id)).resolves.toBe(false);
    const [task] = await claim();
    await engine.step([ending(task as AttemptKey)], none);
    await expect(engine.cancel(id, undefined)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("completed"),
    });
    await expect(engine.retry(id, "t0")).rejects.toMatchObject({ code: "conflict" });
    await expect(engine.pause("01930000-0000-7000-8000-00000000000a", undefined)).rejects.toMatchObject({ code: "not_found" });
  });

  it("hands off once per idempotency key and refuses the key for another plan", async () => {
    const first = submissionOf([{}], [], { idempotencyKey: "k", digest: "one" });
    expect(await engine.submit(first)).toMatchObject({ created: true });
    const repeat = submissionOf([{}], [], { idempotencyKey: "k", digest: "one" });
    expect(await engine.submit(repeat)).toMatchObject({ created: false, executionId: first.execution.id });
    await expect(engine.submit(submissionOf([{}], [], { idempotencyKey: "k", digest: "two" }))).rejects.toMatchObject({
      code: "conflict",
    });
  });
});
