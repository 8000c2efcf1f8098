/** Limits of Claude's account, on a real database with a clock that the test sets. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { billedEnvironment, billingOf } from "../../../orchestrator/governor/billing.ts";
import { Governor } from "../../../orchestrator/governor/governor.ts";
import { executionSuspension } from "../../../orchestrator/governor/suspension.ts";
import { createAccountStore } from "../../../orchestrator/store/accounts.ts";
import { type Database, openDatabase } from "../../../orchestrator/store/db.ts";
import { createEngine, type Engine } from "../../../orchestrator/store/engine.ts";
import { createExecutionStore } from "../../../orchestrator/store/executions.ts";
import { submitTasks } from "../../support/plans.ts";
import { createTestDatabase } from "../../support/postgres.ts";

let database: Database;
let drop: () => Promise<void>;
let engine: Engine;
let nowMs: number;
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
  nowMs = Date.now();
  await database.query({ name: "clean", text: "truncate executions, nodes, accounts cascade", values: [] });
  engine = createEngine(database, "a", 30);
  await engine.register("test");
  await createEngine(database, "b", 30).register("test");
});

const billing = { kind: "subscription", account: "acc", detail: "" } as const;
async function node(name: string, reserveShare = 0.1) {
  const opened: number[] = [];
  const governor = new Governor({
    accounts: createAccountStore(database),
    node: name,
    billing,
    reserveShare,
    onOpen: () => void opened.push(nowMs),
    onError: (error) => expect.fail(String(error)),
    now: () => nowMs,
    random: () => 0.5,
    staggerMs: 1000,
  });
  await createAccountStore(database).use(name, billing.account, billing.kind);
  await governor.runOnce();
  return { governor, opened };
}
/** The limit's time has come, also for the database. */
async function pass(milliseconds: number) {
  nowMs += milliseconds;
  await database.query({
    name: "pass",
    text: "update accounts set limited_until = limited_until - $1 * interval '1 millisecond', limited_at = limited_at - $1 * interval '1 millisecond'",
    values: [milliseconds],
  });
}
const eventsOf = async (id: string) =>
  (await createExecutionStore(database).events(id, 0, 100)).filter(({ type }) => type.startsWith("governor."));

it("a limit that one node meets holds back every node of the account, and each starts one after the other when it is over", async () => {
  const [a, b] = [await node("a"), await node("b")];
  expect([a.governor.admits(0), b.governor.admits(0)]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  await a.governor.limit("usage_limit", nowMs + 3_600_000, "limit reached");
  await b.governor.runOnce();
  expect([a.governor.admits(0), b.governor.admits(0)]).toEqual([0, 0]);

  await pass(3_600_001);
  await b.governor.runOnce();
  expect(b.governor.admits(0)).toBe(0); // its random moment has not come
  nowMs += 500;
  await b.governor.runOnce();
  expect(b.opened).toEqual([nowMs]);
  expect([b.governor.admits(0), b.governor.admits(1)]).toEqual([1, 0]);
  nowMs += 2_000;
  expect(b.governor.admits(1)).toBe(2);
});

it("executions with Claude tasks are told once, others are not", async () => {
  const withClaude = await submitTasks(engine, [{ kind: "claude" }]);
  const without = await submitTasks(engine, [{}]);
  const { governor } = await node("a");
  const untilMs = nowMs + 3_600_000;
  await governor.limit("usage_limit", untilMs, "You've hit your limit");
  await governor.limit("usage_limit", untilMs, "You've hit your limit");
  expect((await eventsOf(withClaude)).map(({ type, data }) => [type, data["limit"], data["message"]])).toEqual([
    ["governor.suspended", "usage_limit", "You've hit your limit"],
  ]);
  expect(await eventsOf(without)).toEqual([]);
  const suspended = await executionSuspension(createAccountStore(database), withClaude, 0.1, nowMs);
  expect(suspended).toMatch(/^paused until .*\d\d:\d\d by Claude's usage limit$/);
  expect(await executionSuspension(createAccountStore(database), without, 0.1, nowMs)).toBeUndefined();
  await pass(3_600_001);
  await governor.runOnce();
  expect((await eventsOf(withClaude)).map(({ type }) => type)).toEqual(["governor.suspended", "governor.resumed"]);
});

it("new sessions leave the reserved share of the window to the person, until the window resets", async () => {
  const { governor } = await node("a", 0.2);
  await governor.setWindow(0.79, nowMs + 60_000);
  expect(governor.admits(0)).toBe(Number.POSITIVE_INFINITY);
  await governor.setWindow(0.81, nowMs + 60_000);
  expect(governor.admits(0)).toBe(0);
  expect((await governor.suspension())?.why).toBe("reserve");
  nowMs += 61_000;
  await governor.runOnce();
  nowMs += 1_000;
  expect(governor.admits(0)).toBe(1);
});

it("a session of the chosen subscription sees no key, and the account is the same on every node with that credential", async () => {
  const environment = { ANTHROPIC_API_KEY: "key", CLAUDE_CODE_OAUTH_TOKEN: "oauth", HOME: "/nowhere" };
  expect(billedEnvironment(environment, "subscription")).toEqual({ CLAUDE_CODE_OAUTH_TOKEN: "oauth", HOME: "/nowhere" });
  expect(billedEnvironment(environment, "api_key")).toEqual({ ANTHROPIC_API_KEY: "key", HOME: "/nowhere" });
  const subscription = await billingOf(billedEnvironment(environment, "subscription"));
  expect(subscription).toMatchObject({ kind: "subscription" });
  expect((await billingOf({ CLAUDE_CODE_OAUTH_TOKEN: "oauth", HOME: "/elsewhere" })).account).toBe(subscription.account);
  expect(await billingOf(environment)).toMatchObject({ kind: "api_key" });
  expect((await billingOf(environment)).account).not.toContain("key");
});
