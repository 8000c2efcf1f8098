/** Every cell of the transition table, run against the database. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ExecutionStatus, executionStatuses } from "../../../orchestrator/domain/execution.ts";
import { type TaskStatus, taskStatuses } from "../../../orchestrator/domain/task.ts";
import {
  type ExecutionCommand,
  executionTransitions,
  type TaskCommand,
  type TaskReport,
  taskTransitions,
} from "../../../orchestrator/domain/transition.ts";
import { createCheckpointStore } from "../../../orchestrator/store/checkpoints.ts";
import { type Database, openDatabase } from "../../../orchestrator/store/db.ts";
import { createEngine, type Ending, type Engine } from "../../../orchestrator/store/engine.ts";
import { submitTasks } from "../../support/plans.ts";
import { createTestDatabase } from "../../support/postgres.ts";

let database: Database;
let drop: () => Promise<void>;
let engine: Engine;
beforeAll(async () => {
  const test = await createTestDatabase();
  database = openDatabase(test.connection);
  drop = test.drop;
  engine = createEngine(database, "a", 30);
  await engine.register("test");
});
afterAll(async () => {
  await database.close();
  await drop();
});

const run = <Row>(text: string, values: unknown[] = []) => database.query<Row>({ name: "", text, values });
const noSlots = { total: 0, perKind: new Map<string, number>() };
const slots = { total: 1, perKind: new Map([["noop", 1]]) };

/** An execution of the task in that state and of one behind it, so that it does not end with the task, and one running beside it. */
async function taskIn(status: TaskStatus): Promise<string> {
  await run("truncate executions, idempotency_keys cascade");
  const id = await submitTasks(engine, [{}, {}, {}], [[0, 1]]);
  const [beside] = (await engine.step([], { total: 2, perKind: new Map([["noop", 2]]) })).claimed.filter(
    (one) => one.ordinal === 2,
  );
  expect(beside?.ordinal).toBe(2);
  await run(
    `update execution_tasks set status = $2, attempt = 1, node_id = case when $2 in ('in_progress', 'verifying') then 'a' end,
       not_before = case when $2 = 'retrying' then now() - interval '1 second' end, skip_cause = case when $2 = 'skipped' then 'user' end,
       result = case when $2 = 'blocked' then '{"hold": {"name": "x", "waitFor": "external", "onDone": "complete"}}'::jsonb end
     where execution_id = $1 and ordinal = 0`,
    [id, status],
  );
  await run("select recount($1)", [id]);
  if (status === "pending")
    await run("update execution_tasks set status = 'pending' where execution_id = $1 and ordinal = 0", [id]);
  return id;
}

const statusOf = async (id: string) =>
  (await run<{ status: TaskStatus }>("select status from execution_tasks where execution_id = $1 and ordinal = 0", [id]))[0]
    ?.status;

async function report(id: string, outcome: Ending["outcome"], detail: object = {}): Promise<boolean> {
  const ending = { executionId: id, ordinal: 0, attempt: 1, outcome, detail: { message: "", ...detail } };
  return (await engine.step([ending], noSlots)).ended[0]?.accepted === true;
}
const hold = (waitFor: "human" | "approval" | "external") => ({ hold: { name: "x", waitFor, onDone: "complete" } });

/** What came of a call: commands reject with `conflict` where the state refuses them, reports answer no. */
const answerOf = (call: Promise<unknown>, no: "same" | "refused") =>
  call.then(
    (value) => (value === false ? no : "changed"),
    (error: { code?: string }) => {
      if (error.code !== "conflict") throw error;
      return "refused";
    },
  );
const kindOf = (effect: string) => (effect === "same" || effect === "refused" ? effect : "changed");

const actions: Record<TaskCommand | TaskReport, (id: string) => Promise<unknown>> = {
  retry: (id) => engine.retry(id, "t0"),
  rerun: (id) => engine.retry(id, "t0", true),
  skip: (id) => engine.skip(id, "t0"),
  answer_done: (id) => engine.completeWaiting(id, 0, "done", undefined),
  answer_failed: (id) => engine.completeWaiting(id, 0, "failed", undefined),
  answer_skipped: (id) => engine.completeWaiting(id, 0, "skipped", undefined),
  claim: async (id) => (await engine.step([], slots)).claimed.some((one) => one.executionId === id && one.ordinal === 0),
  start_verifying: (id) => engine.startVerifying({ executionId: id, ordinal: 0, attempt: 1 }),
  succeeded: (id) => report(id, "succeeded"),
  failed: (id) => report(id, "failed"),
  retry_left: (id) => report(id, "retry", { delayMs: 1e6 }),
  release: (id) => report(id, "release"),
  hold_human: (id) => report(id, "hold", hold("human")),
  hold_approval: (id) => report(id, "hold", hold("approval")),
  hold_external: (id) => report(id, "hold", hold("external")),
  promote: async () => (await engine.promote()).promoted > 0,
};
const isReport = (name: string) => !["retry", "rerun", "skip", "answer_done", "answer_failed", "answer_skipped"].includes(name);

describe.each(Object.keys(taskTransitions) as (TaskCommand | TaskReport)[])("%s", (name) => {
  it.each(taskStatuses)("of a task that is %s", async (status) => {
    const id = await taskIn(status);
    const effect = taskTransitions[name][status];
    const answer = await answerOf(actions[name](id), isReport(name) ? "refused" : "same");
    const wanted = effect === "refused" || effect === "same" ? status : effect;
    // What a command leaves pending is derived further: nothing is in the way of this task, so it is queued.
    const settled = wanted === "pending" && effect !== "refused" ? "queued" : wanted;
    expect({ answer, status: await statusOf(id) }).toEqual({ answer: kindOf(effect), status: settled });
  });
});

const commands: Record<ExecutionCommand, (id: string) => Promise<unknown>> = {
  pause: (id) => engine.pause(id, undefined),
  resume: (id) => engine.resume(id),
  cancel: (id) => engine.cancel(id, undefined),
  async rollback(id) {
    const store = createCheckpointStore(database, "a");
    const target = { taskId: "t0", ordinal: 0, moment: "before", attempt: 1, seq: 0 } as const;
    await expect(store.begin(id, target, "/w", "tree")).rejects.toThrow(/running/);
    await run("update execution_tasks set status = 'failed', node_id = null where execution_id = $1 and ordinal = 2", [id]);
    await run("update executions set running = 0, failed = 1 where id = $1", [id]);
    const number = await store.begin(id, target, "/w", "tree");
    await expect(engine.skip(id, "t0")).rejects.toThrow(/being rolled back/);
    return store.commit(id, number, { tree: "tree", ref: null });
  },
};

describe.each(Object.keys(executionTransitions) as ExecutionCommand[])("%s", (name) => {
  it.each(executionStatuses)("of an execution that is %s", async (status) => {
    const id = await taskIn("queued");
    const ended = ["completed", "failed", "cancelled"].includes(status);
    await run("update executions set status = $2, finished_at = case when $3 then now() end where id = $1", [id, status, ended]);
    const effect = executionTransitions[name][status];
    const answer = await answerOf(commands[name](id), "same");
    const [row] = await run<{ status: ExecutionStatus }>("select status from executions where id = $1", [id]);
    expect({ answer, status: row?.status }).toEqual({
      answer: kindOf(effect),
      status: effect === "refused" || effect === "same" ? status : effect,
    });
  });
});
