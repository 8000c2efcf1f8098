/** The dashboards and alert rules of grafana/, with every query run by a real Prometheus that scrapes a real orchestrator. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { rateExecution, trendsOf } from "../../client/metrics.ts";
import { dashboards } from "../../scripts/grafana-dashboards.ts";
import { dashboardJson } from "../../scripts/grafana-panels.ts";
import { createTestOrchestrator, type TestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { folder, hasPrometheus, type Prometheus, promtool, startPrometheus } from "./prometheus.ts";

type Target = { expr?: string; query?: string; datasource: { type: string; uid: string } };
type Panel = { id: number; title: string; gridPos: Record<"x" | "y" | "w" | "h", number>; targets: Target[] };
type Board = { uid: string; title: string; panels: Panel[]; templating: { list: { name: string; query: { query: string } }[] } };
type Rule = { alert: string; expr: string; annotations: Record<string, string> };

/** Queries that have no answer here, and why that is as it should be. */
const emptyByDesign: Record<string, string> = {
  "max by (account) (claude_account_window_used_ratio)": "only a session of a subscription says how much of it is used",
  "sum by (status) (agents)": "no agent has registered",
};
/** The same of alerts. */
const quietByDesign: Record<string, string> = {
  LonghaulHealth: "nothing is out of bounds",
  LonghaulDiskFull: "no disk is full",
  LonghaulAgentsBlocked: "no agent has registered",
};

const boards = async (): Promise<Board[]> => {
  const names = (await readdir(join(folder, "dashboards"))).toSorted();
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, "dashboards", name), "utf8")) as Board));
};
const rules = async (): Promise<Rule[]> => {
  const { groups } = parse(await readFile(join(folder, "prometheus/rules.yaml"), "utf8")) as { groups: { rules: Rule[] }[] };
  return groups.flatMap((group) => group.rules);
};

describe("grafana/", () => {
  it("has the dashboards that their description makes (node scripts/grafana.ts)", async () => {
    const files = Object.fromEntries((await boards()).map((board) => [board.uid, board]));
    const made = Object.fromEntries(dashboards.map((one) => [one.uid, JSON.parse(JSON.stringify(dashboardJson(one))) as Board]));
    expect(files).toEqual(made);
  });

  it("lays out panels side by side, each with its own id and a data source that is provisioned", async () => {
    const provisioned = parse(await readFile(join(folder, "provisioning/datasources/longhaul.yaml"), "utf8")) as {
      datasources: { uid: string; type: string }[];
    };
    const known = provisioned.datasources.map(({ uid, type }) => `${type}/${uid}`);
    for (const board of await boards()) {
      expect(new Set(board.panels.map(({ id }) => id)).size, board.title).toBe(board.panels.length);
      const taken = new Set<string>();
      for (const { title, gridPos, targets } of board.panels) {
        expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
            expect(taken.has(`${x}/${y}`), `${board.title}: ${title}`).toBe(false);
            taken.add(`${x}/${y}`);
          }
        for (const { datasource } of targets) expect(known).toContain(`${datasource.type}/${datasource.uid}`);
      }
    }
  });

  it("is tested with a real Prometheus in CI", () => {
    if (process.env["CI"] !== undefined) expect(hasPrometheus, "apt-get install prometheus").toBe(true);
  });
});

describe.runIf(hasPrometheus)("with a real Prometheus", () => {
  let orchestrator: TestOrchestrator;
  let prometheus: Prometheus;
  let drop: () => Promise<void>;
  let workspace: string;
  let planId: string;
  let executionId: string;
  beforeAll(async () => {
    const database = await createTestDatabase();
    drop = database.drop;
    workspace = await mkdtemp("/tmp/longhaul-work-");
    orchestrator = await createTestOrchestrator({
      DATABASE_URL: database.databaseUrl,
      LONGHAUL_DAY_MINUTES: "100",
      LONGHAUL_CLAUDE_BILLING: "api_key",
      ANTHROPIC_API_KEY: "no-key-that-is-used",
      // A channel that does not answer, so that messages wait.
      NTFY_URL: "http://127.0.0.1:65533",
      NTFY_TOPIC: "plans",
    });
    const running = await orchestrator.start();
    prometheus = await startPrometheus(running);
    const { client } = running;
    const tasks = [
      { id: "first", title: "First", command: "sleep 4" },
      { id: "bad", title: "Bad", command: "sleep 2; exit 1", dependencies: ["first"], retry: { maxAttempts: 2, backoffMs: 10 } },
    ];
    const plan = { title: "Shown", tasks };
    ({ executionId } = await client.handoff({ plan, options: { workspace, budget: { wallSeconds: 100 } } }));
    ({ planId } = await client.execution(executionId));
    await untilEnded(client, executionId);
    await rateExecution(client, executionId, { rating: 8 });
    await trendsOf(client); // makes them new
    const has = (expr: string) =>
      vi.waitFor(async () => expect(await prometheus.query(expr)).not.toEqual([]), { timeout: 30_000, interval: 500 });
    await has(`execution_errors_total{plan_id="${planId}",class="transient"} == 2`);
    await has("notifications_oldest_seconds");
    await has('metric_trend{metric="execution_rating"} == 8');
  }, 120_000);
  afterAll(async () => {
    await prometheus.close();
    await orchestrator.remove();
    await rm(workspace, { recursive: true, force: true });
    await drop();
  });
  const filled = (text: string) => text.replaceAll("$plan_id", planId).replaceAll("$execution_id", executionId);

  it("the four queries of the specification work as they are written", async () => {
    const byStatus = await prometheus.query(filled('sum by (status) (execution_tasks_total{plan_id="$plan_id"})'));
    expect(Object.fromEntries(byStatus.map(({ metric, value }) => [metric["status"] ?? "all", value[1]]))).toEqual({
      all: "2",
      completed: "1",
      failed: "1",
    });
    const spent = await prometheus.query(filled('rate(execution_task_duration_seconds_sum{plan_id="$plan_id"}[5m])'));
    expect(Number(spent[0]?.value[1])).toBeGreaterThan(0);
    const failing = await prometheus.query(filled('sum(rate(execution_errors_total{plan_id="$plan_id"}[5m]))'));
    expect(Number(failing[0]?.value[1])).toBeGreaterThan(0);
    const done = await prometheus.query(
      filled('(execution_tasks_completed{plan_id="$plan_id"} / execution_tasks_total{plan_id="$plan_id"}) * 100'),
    );
    expect(done.map(({ value }) => value[1])).toEqual(["50"]);
  });

  it("every panel has data, or is said to be empty and is", async () => {
    const empty: string[] = [];
    let asked = 0;
    for (const board of await boards()) {
      for (const { title, targets } of board.panels) {
        for (const { expr, datasource } of targets) {
          if (datasource.type !== "prometheus") continue;
          asked += 1;
          const result = await prometheus.query(filled(expr ?? ""));
          if (result.length === 0) empty.push(expr ?? "");
          else for (const { value } of result) expect(value[1], `${board.title}: ${title}`).not.toBe("");
        }
      }
      for (const { query } of board.templating.list) {
        const selector = /^(?:query_result|label_values)\((.*?)(?:, \w+)?\)$/.exec(query.query)?.[1] ?? "";
        expect(await prometheus.query(filled(selector)), query.query).not.toEqual([]);
      }
    }
    expect(asked).toBeGreaterThan(40);
    expect(empty.toSorted()).toEqual(Object.keys(emptyByDesign).toSorted());
  });

  it("every alert rule is loaded, and asks for something that there is", async () => {
    expect(promtool("check", "rules", join(folder, "prometheus/rules.yaml"))).toBe("");
    expect(promtool("check", "config", "--syntax-only", join(folder, "prometheus/prometheus.yaml"))).toBe("");
    const loaded = () =>
      prometheus.get("/api/v1/rules") as Promise<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>;
    await expect
      .poll(async () => (await loaded()).groups.flatMap((group) => group.rules).every(({ health }) => health === "ok"), {
        timeout: 20_000,
        interval: 500,
      })
      .toBe(true);
    const all = await rules();
    expect((await loaded()).groups.flatMap((group) => group.rules.map(({ name }) => name))).toEqual(
      all.map(({ alert }) => alert),
    );
    const silent: string[] = [];
    for (const { alert, expr } of all) {
      // With `bool` the comparison answers 0 or 1 wherever there is something to compare.
      const asked = expr.replace(/ (==|>|<) /, " $1 bool ");
      expect(asked, alert).not.toBe(expr);
      if ((await prometheus.query(asked)).length === 0) silent.push(alert);
    }
    expect(silent.toSorted()).toEqual(Object.keys(quietByDesign).toSorted());
  });

  it("an alert fires when there is reason to", async () => {
    const down = (await rules()).find(({ alert }) => alert === "LonghaulDown") as Rule;
    expect(await prometheus.query(down.expr)).toEqual([]);
    await orchestrator.terminate();
    await expect.poll(async () => (await prometheus.query(down.expr)).length, { timeout: 20_000, interval: 500 }).toBe(1);
  });
});
