/** Letting go of old events and files, on a real database. LONGHAUL_FAULT=full does it with a million events. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { Retention } from "../../orchestrator/retention.ts";
import { type Database, openDatabase } from "../../orchestrator/store/db.ts";
import { type AttemptKey, createEngine, type Engine } from "../../orchestrator/store/engine.ts";
import { createRetentionStore } from "../../orchestrator/store/retention.ts";
import { submitTasks } from "../support/plans.ts";
import { createTestDatabase } from "../support/postgres.ts";

const perExecution = process.env["LONGHAUL_FAULT"] === "full" ? 100_000 : 5_000;
const old = 10;
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
const count = async (id: string) =>
  Number((await run<{ n: string }>("select count(*) as n from execution_events where execution_id = $1", [id]))[0]?.n);

async function ended(days: number): Promise<string> {
  const id = await submitTasks(engine, [{}]);
  const [task] = (await engine.step([], { total: 1, perKind: new Map([["noop", 1]]) })).claimed;
  const key = task as AttemptKey;
  await engine.step(
    [{ executionId: key.executionId, ordinal: key.ordinal, attempt: key.attempt, outcome: "succeeded", detail: { message: "" } }],
    { total: 0, perKind: new Map() },
  );
  await run("update executions set finished_at = now() - $2 * interval '1 day', last_seq = last_seq + $3 where id = $1", [
    id,
    days,
    perExecution,
  ]);
  await run(
    `insert into execution_events (execution_id, seq, type, at, data)
     select $1, 10 + n, 'task.output', now(), jsonb_build_object('text', repeat('x', 200)) from generate_series(1, $2::integer) n`,
    [id, perExecution],
  );
  return id;
}

const at = (values: number[], share: number) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
const spread = (values: number[]) =>
  `${at(values, 0.5).toFixed(0)} ms (median), ${at(values, 0.99).toFixed(0)} ms (99 %), ${Math.max(...values).toFixed(0)} ms at most`;

it("what is over goes in batches that nobody waits for, what is not stays, and again changes nothing", {
  timeout: 300_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), "longhaul-retention-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const gone: string[] = [];
  for (let index = 0; index < old; index += 1) gone.push(await ended(91));
  const kept = await ended(89);
  for (const id of [gone[0] as string, kept]) {
    await mkdir(join(directory, id, "task-0000", "attempt-1"), { recursive: true });
    await writeFile(join(directory, id, "task-0000", "attempt-1", "output.log"), "x".repeat(1000));
  }
  const store = createRetentionStore(database);
  const tookMs: number[] = [];
  const retention = new Retention({
    store: {
      ...store,
      async pruneEvents(before, limit) {
        const beganMs = performance.now();
        const answer = await store.pruneEvents(before, limit);
        tookMs.push(performance.now() - beganMs);
        return answer;
      },
    },
    directory,
    eventDays: 90,
    logDays: 90,
    onError: (error) => expect.fail(String(error)),
    onPruned: () => undefined,
    now: Date.now,
  });
  const facts = { executions: old, folders: 1, bytes: 1000 };
  const would = await retention.runOnce({ dryRun: true });
  expect(would).toMatchObject({ dryRun: true, ...facts });
  expect(would.events).toBeGreaterThanOrEqual(old * perExecution);
  expect(await count(gone[0] as string)).toBeGreaterThan(perExecution);

  // Others go on meanwhile: the engine hands off, runs and ends.
  const stepMs: number[] = [];
  let over = false;
  const others = (async () => {
    while (!over) {
      const beganMs = performance.now();
      await submitTasks(engine, [{}]);
      await engine.step([], { total: 1, perKind: new Map([["noop", 1]]) });
      stepMs.push(performance.now() - beganMs);
    }
  })();
  expect(await retention.runOnce({ dryRun: false })).toEqual({ ...would, dryRun: false });
  over = true;
  await others;
  console.info(
    `pruned ${would.events} events: a batch took ${spread(tookMs)}; handing off and claiming beside it ${spread(stepMs)}`,
  );
  expect(at(tookMs, 0.99)).toBeLessThan(100);
  expect(await count(gone[0] as string)).toBe(0);
  expect(await count(kept)).toBeGreaterThan(perExecution);
  expect([gone[0] as string, kept].map((id) => existsSync(join(directory, id)))).toEqual([false, true]);
  expect(await retention.runOnce({ dryRun: false })).toMatchObject({ executions: 0, events: 0, folders: 0 });
});

it("nobody else changes or deletes an event", async () => {
  const id = await submitTasks(engine, [{}]);
  await expect(run("update execution_events set type = 'x' where execution_id = $1", [id])).rejects.toThrow("append-only");
  await expect(run("delete from execution_events where execution_id = $1", [id])).rejects.toThrow("append-only");
  await expect(run("truncate execution_events")).rejects.toThrow("append-only");
});
