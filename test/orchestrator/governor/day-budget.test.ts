/** The budget of a day, over executions, on a real database. */
import { expect, it, onTestFinished } from "vitest";
import { nextDayMs } from "../../../orchestrator/governor/budget.ts";
import { budgeted } from "../../../orchestrator/governor/budget-step.ts";
import { createBudgetStore } from "../../../orchestrator/store/budgets.ts";
import { openDatabase } from "../../../orchestrator/store/db.ts";
import { createEngine } from "../../../orchestrator/store/engine.ts";
import { createExecutionStore } from "../../../orchestrator/store/executions.ts";
import { submitTasks } from "../../support/plans.ts";
import { createTestDatabase } from "../../support/postgres.ts";

it("is shared by all executions, warned of once, and then tasks wait for the next day", async () => {
  const test = await createTestDatabase();
  const database = openDatabase(test.connection);
  onTestFinished(async () => {
    await database.close();
    await test.drop();
  });
  const engine = createEngine(database, "a", 30);
  await engine.register("test");
  const ids = [await submitTasks(engine, [{ kind: "claude" }]), await submitTasks(engine, [{ kind: "claude" }])];
  const budgets = createBudgetStore(database);
  const day = { tokens: 1000 };
  const spend = (id: string | undefined, tokens: number) =>
    budgets.spend({ executionId: id ?? "", ordinal: 0, attempt: 1 }, { usd: 0, tokens, seconds: 1 }, {}, day);
  await spend(ids[0], 500);
  await spend(ids[1], 350);
  await spend(ids[1], 360);
  expect(await spend(ids[1], 600)).toEqual([{ scope: "day", metric: "tokens", spent: 1100, allowed: 1000 }]);
  const events = await createExecutionStore(database).events(ids[1] ?? "", 0, 100);
  expect(events.filter(({ type }) => type.startsWith("budget.")).map(({ type }) => type)).toEqual([
    "budget.warning",
    "budget.exhausted",
  ]);

  const nowMs = Date.now();
  const step = budgeted({ budgets, day, onError: (error) => expect.fail(String(error)), now: () => nowMs });
  const assignment = { executionId: ids[0], ordinal: 0, attempt: 2, taskId: "t0", task: { kind: "claude" }, adopted: false };
  const outcome = await step(assignment as never, {} as never, () => expect.fail("it must not start"));
  expect(outcome).toMatchObject({ status: "failed", failureClass: "limit", retryAtMs: nextDayMs(nowMs) });
  expect(outcome.message).toMatch(/^today's budget of 1000 tokens is used up \(1100 tokens spent\)/);
});
