/** `/metrics` of real orchestrators, read as Prometheus reads it. */
import { mkdtemp, rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../../support/orchestrator.ts";
import { createTestDatabase } from "../../support/postgres.ts";

type Running = Awaited<ReturnType<TestOrchestrator["start"]>>;
let first: TestOrchestrator;
let second: TestOrchestrator;
let running: Running;
let workspace: string;
let drop: () => Promise<void>;

beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  const environment = {
    DATABASE_URL: database.databaseUrl,
    LONGHAUL_METRICS_MINUTES: "0.05",
    LONGHAUL_METRICS_PLANS: "3",
    LONGHAUL_DAY_MINUTES: "100",
  };
  first = await createTestOrchestrator(environment);
  second = await createTestOrchestrator(environment);
  running = await first.start();
  workspace = await mkdtemp("/tmp/longhaul-work-");
});
afterAll(async () => {
  await Promise.all([first.remove(), second.remove()]);
  await rm(workspace, { recursive: true, force: true });
  await drop();
});

/** Series with their values. */
async function scrape({ url, token }: Running): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
  const lines = (await answer.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line): [string, number] => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
}
const names = (series: Map<string, number>) => new Set([...series.keys()].map((name) => name.split("{")[0]));
const handoff = async (tasks: object[], options: object = {}) =>
  (await running.client.handoff({ plan: { title: "Counted", tasks }, options: { workspace, ...options } })).executionId;

describe("metrics", () => {
  it("count what a plan did, beginning with zero, and go away with it", async () => {
    const executionId = await handoff(
      [
        { id: "good", title: "Good", command: "sleep 1" },
        { id: "bad", title: "Bad", command: "exit 1", dependencies: ["good"], retry: { maxAttempts: 2, backoffMs: 10 } },
        { id: "after", title: "After", command: "true", dependencies: ["bad"] },
      ],
      { budget: { wallSeconds: 100 } },
    );
    for await (const { type } of running.client.stream(executionId)) if (type === "task.started") break;
    const { planId } = await running.client.execution(executionId);
    const early = await scrape(running);
    expect(early.get(`execution_task_duration_seconds_sum{plan_id="${planId}"}`)).toBe(0);
    expect(early.get(`execution_errors_total{plan_id="${planId}",class="transient"}`)).toBe(0);
    expect(early.get('queue_tasks{state="running"}')).toBe(1);
    expect(early.get(`execution_info{plan_id="${planId}",execution_id="${executionId}",title="Counted",status="running"}`)).toBe(
      1,
    );

    await untilEnded(running.client, executionId);
    const late = await scrape(running);
    expect(late.get(`execution_tasks_total{plan_id="${planId}"}`)).toBe(3);
    expect(late.get(`execution_tasks_total{plan_id="${planId}",status="failed"}`)).toBe(1);
    expect(late.get(`execution_tasks_completed{plan_id="${planId}"}`)).toBe(1);
    expect(late.get(`execution_errors_total{plan_id="${planId}",class="transient"}`)).toBe(2);
    expect(late.get(`execution_task_duration_seconds_count{plan_id="${planId}"}`)).toBe(3);
    expect(late.get(`execution_task_duration_seconds_sum{plan_id="${planId}"}`)).toBeGreaterThan(1);
    expect(late.get(`execution_budget_used_ratio{plan_id="${planId}",metric="seconds"}`)).toBeGreaterThan(0.01);
    expect(late.get('budget_day_used_ratio{metric="seconds"}')).toBeGreaterThan(0);
    // A server process may keep its statistics to itself for ten seconds.
    await expect
      .poll(async () => (await scrape(running)).get("events_appended_total"), { interval: 200, timeout: 20_000 })
      .toBeGreaterThan(5);
    for (const name of [
      "scheduler_lag_seconds",
      "scheduler_nodes",
      "scheduler_lease_losses_total",
      "approvals_pending",
      "learning_patterns",
      "learning_pending_executions",
      "learning_recommendations",
      "notifications_unrouted",
      "process_resident_memory_bytes",
    ])
      expect(names(late)).toContain(name);
    await expect
      .poll(async () => [...(await scrape(running)).keys()].filter((name) => name.includes(planId)), {
        timeout: 10_000,
        interval: 300,
      })
      .toEqual([]);
  });

  it("have series of the newest executions only, however many there are", async () => {
    const ids = [];
    for (let index = 0; index < 6; index += 1)
      ids.push(await handoff([{ id: "one", title: "One", command: "exit 1", retry: { maxAttempts: 1 } }]));
    for (const id of ids) await untilEnded(running.client, id);
    const series = [...(await scrape(running)).keys()];
    const shown = new Set(series.flatMap((name) => /plan_id="([^"]+)"/.exec(name)?.[1] ?? []));
    expect(shown.size).toBe(3);
    expect(
      series
        .filter((name) => name.startsWith("execution_info"))
        .map((name) => /execution_id="([^"]+)"/.exec(name)?.[1])
        .toSorted(),
    ).toEqual(ids.slice(-3).toSorted());
  });

  it("are told by one node only where they are the database's", async () => {
    const other = await second.start();
    await handoff([{ id: "one", title: "One", command: "true" }]);
    const both = await Promise.all([scrape(running), scrape(other)]);
    expect(both.filter((series) => names(series).has("execution_tasks_total"))).toHaveLength(1);
    expect(both.filter((series) => names(series).has("queue_tasks"))).toHaveLength(1);
    expect(both.filter((series) => names(series).has("scheduler_lag_seconds"))).toHaveLength(1);
    expect(both.every((series) => names(series).has("scheduler_running_attempts"))).toBe(true);
    expect(both.map((series) => series.get('scheduler_nodes{state="live"}') ?? 2)).toEqual([2, 2]);
  });
});
