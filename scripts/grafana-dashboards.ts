/** What the dashboards show. Every query here is run against a real Prometheus by test/deploy/grafana.test.ts. */
import type { Dashboard, Panel } from "./grafana-panels.ts";

const stat = (title: string, expr: string, unit = "short", width = 4): Panel => ({
  title,
  type: "stat",
  unit,
  width,
  height: 4,
  queries: [{ expr }],
});
const graph = (title: string, queries: Panel["queries"], unit = "short", width = 12, about?: string): Panel => ({
  title,
  type: "timeseries",
  unit,
  width,
  height: 8,
  queries,
  ...(about === undefined ? {} : { about }),
});

const overview: Dashboard = {
  uid: "longhaul-overview",
  title: "Longhaul / Overview",
  about: "Is it running, is it keeping up, does anybody have to do something.",
  variables: [],
  panels: [
    stat("Running executions", 'sum(executions{status="running"}) or vector(0)'),
    stat("Waiting for a person", 'sum(executions{status=~"blocked|paused"}) or vector(0)'),
    stat("Approvals", "sum(approvals_pending)"),
    stat("Health alerts", "sum(health_alerts) or vector(0)"),
    stat("Ready tasks", 'sum(queue_tasks{state="ready"})'),
    stat("Scheduler lag", "max(scheduler_lag_seconds)", "s"),
    graph("Tasks of active executions", [{ expr: "sum by (state) (queue_tasks)", legend: "{{state}}" }]),
    graph(
      "Attempts ended",
      [
        { expr: "sum(rate(execution_task_duration_seconds_count[5m]))", legend: "ended" },
        { expr: "sum(rate(execution_errors_total[5m]))", legend: "failed" },
      ],
      "ops",
    ),
    graph(
      "Duration of attempts",
      [
        { expr: "histogram_quantile(0.5, sum by (le) (rate(execution_task_duration_seconds_bucket[5m])))", legend: "median" },
        { expr: "histogram_quantile(0.95, sum by (le) (rate(execution_task_duration_seconds_bucket[5m])))", legend: "95 %" },
      ],
      "s",
    ),
    graph("Failures by class", [{ expr: "sum by (class) (increase(execution_errors_total[5m]))", legend: "{{class}}" }]),
    graph("Events appended", [{ expr: "sum(rate(events_appended_total[5m]))", legend: "events" }], "ops"),
    graph("Messages that wait", [
      { expr: "sum by (channel) (notifications_waiting)", legend: "{{channel}}" },
      { expr: "sum(notifications_unrouted)", legend: "unrouted" },
    ]),
    graph("Oldest message", [{ expr: "max by (channel) (notifications_oldest_seconds)", legend: "{{channel}}" }], "s"),
    graph("Budget of the day", [{ expr: "max by (metric) (budget_day_used_ratio)", legend: "{{metric}}" }], "percentunit"),
    {
      title: "Executions",
      type: "table",
      width: 24,
      height: 10,
      queries: [{ expr: "max by (title, status, plan_id, execution_id) (execution_info)" }],
    },
    {
      title: "Warnings and errors",
      type: "logs",
      width: 24,
      height: 10,
      queries: [{ source: "loki", expr: '{service_name="longhaul"} | detected_level=~"warn|error"' }],
    },
  ],
};

const execution: Dashboard = {
  uid: "longhaul-execution",
  title: "Longhaul / One execution",
  about: "How far a plan is, what failed, what it costs, its log and its trace.",
  variables: [
    {
      name: "plan_id",
      label: "Plan",
      query: "query_result(execution_info)",
      regex: '/plan_id="(?<value>[^"]+)".*title="(?<text>[^"]+)/',
    },
    { name: "execution_id", label: "Execution", query: 'label_values(execution_info{plan_id="$plan_id"}, execution_id)' },
  ],
  panels: [
    stat(
      "Done",
      '(execution_tasks_completed{plan_id="$plan_id"} / execution_tasks_total{plan_id="$plan_id"}) * 100',
      "percent",
      6,
    ),
    stat("Cost", 'sum(execution_cost_usd{plan_id="$plan_id"})', "currencyUSD", 6),
    stat("Tokens", 'sum(execution_tokens{plan_id="$plan_id"})', "short", 6),
    stat("Failed attempts", 'sum(execution_errors_total{plan_id="$plan_id"})', "short", 6),
    {
      title: "Tasks by status",
      type: "bargauge",
      width: 12,
      height: 8,
      queries: [{ expr: 'sum by (status) (execution_tasks_total{plan_id="$plan_id"})', legend: "{{status}}" }],
    },
    graph("Tasks by status over time", [
      { expr: 'sum by (status) (execution_tasks_total{plan_id="$plan_id",status!=""})', legend: "{{status}}" },
    ]),
    graph(
      "Time spent in attempts",
      [{ expr: 'rate(execution_task_duration_seconds_sum{plan_id="$plan_id"}[5m])', legend: "seconds per second" }],
      "short",
      12,
      "How many attempts ran at once, on average.",
    ),
    graph(
      "Failures",
      [
        { expr: 'sum(rate(execution_errors_total{plan_id="$plan_id"}[5m]))', legend: "all" },
        { expr: 'sum by (class) (rate(execution_errors_total{plan_id="$plan_id"}[5m]))', legend: "{{class}}" },
      ],
      "ops",
    ),
    graph(
      "Budget",
      [{ expr: 'max by (metric) (execution_budget_used_ratio{plan_id="$plan_id"})', legend: "{{metric}}" }],
      "percentunit",
    ),
    graph("Tasks with a person in them", [
      { expr: 'sum(execution_tasks_by_people{plan_id="$plan_id"})', legend: "by people" },
      { expr: 'sum(execution_tasks_completed{plan_id="$plan_id"})', legend: "completed" },
    ]),
    {
      title: "Log",
      type: "logs",
      width: 24,
      height: 10,
      queries: [{ source: "loki", expr: '{service_name="longhaul"} | execution_id="$execution_id"' }],
    },
    {
      title: "Trace",
      type: "table",
      width: 24,
      height: 10,
      queries: [{ source: "tempo", expr: '{ span.execution_id = "$execution_id" }' }],
    },
  ],
};

const fleet: Dashboard = {
  uid: "longhaul-fleet",
  title: "Longhaul / Fleet",
  about: "The nodes, their processes, the remote agents and Claude's accounts.",
  variables: [],
  panels: [
    stat("Nodes that live", 'sum(scheduler_nodes{state="live"})', "short", 6),
    stat("Nodes that are silent", 'sum(scheduler_nodes{state="lost"})', "short", 6),
    stat("Attempts that run", "sum(scheduler_running_attempts)", "short", 6),
    stat("Agents", "sum(agents) or vector(0)", "short", 6),
    graph("Attempts by node", [{ expr: "sum by (instance) (scheduler_running_attempts)", legend: "{{instance}}" }]),
    graph(
      "Claimed tasks by node",
      [{ expr: "sum by (instance) (rate(scheduler_claimed_tasks_total[5m]))", legend: "{{instance}}" }],
      "ops",
    ),
    graph("Lost leases and refused reports", [
      { expr: "sum(increase(scheduler_lease_losses_total[5m]))", legend: "attempts of silent nodes" },
      { expr: "sum(increase(scheduler_refused_reports_total[5m]))", legend: "refused reports" },
    ]),
    graph("Agents by status", [{ expr: "sum by (status) (agents)", legend: "{{status}}" }]),
    graph("Memory", [{ expr: 'process_resident_memory_bytes{job="longhaul"}', legend: "{{instance}}" }], "bytes"),
    graph("Processor", [{ expr: 'rate(process_cpu_seconds_total{job="longhaul"}[5m])', legend: "{{instance}}" }], "percentunit"),
    graph("Event loop, 99 %", [{ expr: "nodejs_eventloop_lag_p99_seconds", legend: "{{instance}}" }], "s"),
    graph("Claude's limits", [{ expr: "max by (account) (claude_account_limited_seconds)", legend: "{{account}} waits" }], "s"),
    graph(
      "Five-hour window used",
      [{ expr: "max by (account) (claude_account_window_used_ratio)", legend: "{{account}}" }],
      "percentunit",
    ),
    {
      title: "Slow attempts",
      type: "table",
      width: 12,
      height: 8,
      queries: [{ source: "tempo", expr: '{ name = "attempt" && duration > 1m }' }],
    },
  ],
};

const learning: Dashboard = {
  uid: "longhaul-learning",
  title: "Longhaul / Learning and value",
  about: "What was learned, whether it is used, what the work costs and how much of it needs people.",
  variables: [],
  panels: [
    stat("Patterns", "max(learning_patterns)", "short", 6),
    stat("Executions not learned from yet", "max(learning_pending_executions)", "short", 6),
    stat("Ran without a person", "1 - sum(execution_tasks_by_people) / sum(execution_tasks_completed)", "percentunit", 6),
    stat("Cost of the executions shown", "sum(execution_cost_usd)", "currencyUSD", 6),
    graph("Recommendations", [{ expr: "sum by (shown) (learning_recommendations)", legend: "{{shown}}" }]),
    graph("Patterns", [{ expr: "max(learning_patterns)", legend: "patterns" }]),
    graph("Spent today", [{ expr: 'max by (metric) (budget_day_spent{metric="usd"})', legend: "USD" }], "currencyUSD"),
    graph("Tokens today", [{ expr: 'max by (metric) (budget_day_spent{metric="tokens"})', legend: "tokens" }]),
    graph(
      "Hours that tasks ran today",
      [{ expr: 'max by (metric) (budget_day_spent{metric="seconds"}) / 3600', legend: "hours" }],
      "h",
    ),
    graph("Completed tasks per hour", [
      {
        expr: "sum(increase(execution_task_duration_seconds_count[1h])) - sum(increase(execution_errors_total[1h]))",
        legend: "tasks",
      },
    ]),
    graph(
      "Trend: share of tests and tasks that succeed",
      [
        {
          expr: 'max by (metric) (metric_trend{stat="mean", metric=~"task_pass_rate|execution_success_ratio"})',
          legend: "{{metric}}",
        },
      ],
      "percentunit",
    ),
    graph(
      "Trend: duration, mean and median of the day",
      [{ expr: 'max by (metric, stat) (metric_trend{metric=~".*_duration_seconds"})', legend: "{{metric}}, {{stat}}" }],
      "s",
    ),
    graph("Trend: tokens", [{ expr: 'max by (metric) (metric_trend{stat="mean", metric=~".*_tokens"})', legend: "{{metric}}" }]),
    graph("Trend: ratings", [{ expr: 'max by (metric) (metric_trend{stat="mean", metric=~".*_rating"})', legend: "{{metric}}" }]),
    {
      title: "Cost by plan",
      type: "bargauge",
      unit: "currencyUSD",
      width: 24,
      height: 8,
      queries: [
        {
          expr: "topk(10, sum by (title) (execution_cost_usd * on (plan_id) group_left (title) max by (plan_id, title) (execution_info)))",
          legend: "{{title}}",
          instant: true,
        },
      ],
    },
  ],
};

export const dashboards: readonly Dashboard[] = [overview, execution, fleet, learning];
