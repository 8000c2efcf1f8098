/** What the database says about scheduler, queue, outbox, fleet, learning and budgets. One node speaks for it, the others leave these out. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Amounts } from "../store/budgets.ts";
import type { MetricsSnapshot } from "../store/metrics.ts";

/** @param day what all executions together may spend in a day */
export function createStateMetrics(registry: Registry, day: Partial<Amounts>) {
  const registers = [registry];
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const lag = gauge("scheduler_lag_seconds", "How long the execution that waits longest has had tasks that could start");
  const queue = gauge("queue_tasks", "Tasks of active executions: ready, running, retrying, or waiting for somebody", ["state"]);
  const executions = gauge("executions", "Executions that are active or ended a short while ago", ["status"]);
  const nodes = gauge("scheduler_nodes", "Nodes whose lease holds, and those whose lease ran out", ["state"]);
  const outbox = gauge("notifications_waiting", "Messages that are not sent yet", ["channel"]);
  const outboxAge = gauge("notifications_oldest_seconds", "Age of the oldest message that is not sent yet", ["channel"]);
  const intents = gauge("notifications_unrouted", "Events that no message was made of yet");
  const approvals = gauge("approvals_pending", "Approvals that nobody has decided");
  const alerts = gauge("health_alerts", "Health alerts that stand", ["metric", "level"]);
  const agents = gauge("agents", "Remote agents by status", ["status"]);
  const patterns = gauge("learning_patterns", "Patterns that were learned");
  const unlearned = gauge("learning_pending_executions", "Executions whose log went on since it was last learned from");
  const recommended = gauge("learning_recommendations", "Tasks that were told of similar ones, and those that were not", [
    "shown",
  ]);
  const spent = gauge("budget_day_spent", "Spent today (UTC), in the unit of the metric", ["metric"]);
  const dayBudget = gauge("budget_day_used_ratio", "Share of the day's budget that is spent", ["metric"]);
  const trend = gauge(
    "metric_trend",
    "Evaluation metrics of the newest day: duration, pass rate, success ratio, tokens, rating",
    ["metric", "stat"],
  );
  const all = [
    trend,
    lag,
    queue,
    executions,
    nodes,
    outbox,
    outboxAge,
    intents,
    approvals,
    alerts,
    agents,
    patterns,
    unlearned,
    recommended,
    spent,
    dayBudget,
  ];
  const events = new Counter({
    name: "events_appended_total",
    help: "Events that were appended to the logs of executions",
    registers,
  });
  let eventsBefore = 0;

  return {
    show(snapshot: MetricsSnapshot): void {
      for (const metric of all) {
        metric.reset();
        // A gauge without labels cannot be empty, and 0 would be a lie.
        if (!snapshot.speaks) metric.remove({});
      }
      if (!snapshot.speaks) return;
      lag.set(snapshot.lagSeconds);
      for (const [state, count] of Object.entries(snapshot.queue)) queue.set({ state }, count);
      for (const { status } of snapshot.plans) executions.inc({ status });
      for (const [state, count] of Object.entries(snapshot.nodes)) nodes.set({ state }, count);
      for (const { channel, waiting, oldestSeconds } of snapshot.outbox) {
        outbox.set({ channel }, waiting);
        outboxAge.set({ channel }, oldestSeconds);
      }
      intents.set(snapshot.intents);
      approvals.set(snapshot.approvals);
      for (const { metric, level, count } of snapshot.alerts) alerts.set({ metric, level }, count);
      for (const [status, count] of Object.entries(snapshot.agents)) agents.set({ status }, count);
      patterns.set(snapshot.patterns);
      unlearned.set(snapshot.unlearned);
      for (const [shown, count] of Object.entries(snapshot.recommended)) recommended.set({ shown }, count);
      for (const [metric, amount] of Object.entries(snapshot.today)) {
        spent.set({ metric }, amount);
        const allowed = day[metric as keyof Amounts];
        if (allowed !== undefined) dayBudget.set({ metric }, amount / allowed);
      }
      for (const { metric, mean, median } of snapshot.trends) {
        trend.set({ metric, stat: "mean" }, mean);
        trend.set({ metric, stat: "median" }, median);
      }
      // PostgreSQL forgets its statistics in a crash.
      if (snapshot.events < eventsBefore) events.reset();
      else events.inc(snapshot.events - eventsBefore);
      eventsBefore = snapshot.events;
    },
  };
}
