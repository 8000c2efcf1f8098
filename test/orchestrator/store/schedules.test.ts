/** Who takes a due schedule, and what becomes of a tick whose node was killed in the middle. */
import { v7 as uuidv7 } from "uuid";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Database, openDatabase } from "../../../orchestrator/store/db.ts";
import { createEngine } from "../../../orchestrator/store/engine.ts";
import { createScheduleStore, type DueSchedule } from "../../../orchestrator/store/schedules.ts";
import { createTestDatabase } from "../../support/postgres.ts";

let database: Database;
let drop: () => Promise<void>;
beforeEach(async () => {
  const created = await createTestDatabase();
  drop = created.drop;
  database = openDatabase(created.connection, 4);
  for (const node of ["a", "b"]) await createEngine(database, node, 30).register("test", [`node:${node}`]);
});
afterEach(async () => {
  await database.close();
  await drop();
});

const store = () => createScheduleStore(database);
const add = async (name: string, place: string | null = null) => {
  const next_at = new Date(Date.now() - 1000);
  await store().add({ id: uuidv7(), name, cron: "* * * * *", time_zone: "UTC", overlap: "skip", request: {}, place, next_at });
};
const end = (taken: DueSchedule) => {
  const next = new Date(taken.now.getTime() + 60_000);
  return store().endTick({
    id: taken.id,
    due: taken.due,
    tick: taken.due,
    next,
    outcome: "started",
    executions: [],
    missed: 0,
    message: null,
  });
};

it("is taken by one of many nodes that look at the same time", async () => {
  await add("one");
  const looks = await Promise.all(["a", "b", "a", "b", "a"].map((node) => store().due(node, 60, 10)));
  expect(looks.flat()).toHaveLength(1);
});

it("is taken again, as the same tick, when whoever had it is silent; and is recorded once", async () => {
  await add("one");
  const [lost] = (await store().due("a", 0, 10)) as [DueSchedule];
  const [again] = (await store().due("b", 60, 10)) as [DueSchedule];
  expect(again.due).toEqual(lost.due);
  expect(await end(again)).toBe(true);
  expect(await end(lost)).toBe(false);
  expect((await store().find("one"))?.runs).toHaveLength(1);
  expect(await store().due("a", 60, 10)).toEqual([]);
});

it("is left to the node that can see its plan", async () => {
  await add("there", "node:b");
  expect(await store().due("a", 60, 10)).toEqual([]);
  expect(await store().due("b", 60, 10)).toHaveLength(1);
});
