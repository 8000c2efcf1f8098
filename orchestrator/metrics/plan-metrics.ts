/**
 * The series of single plans, with the names of SPEC §15. Tasks per plan and status are those of the database, what happened in time is counted
 * here as it happens. Both go away with the plan, some time after its execution ended.
 *
 * `execution_tasks_total` has a series per status and one without a status, which counts all tasks of the plan: it is what
 * `execution_tasks_completed / execution_tasks_total` divides by, since Prometheus matches series with equal labels.
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ClaimedTask } from "../store/engine.ts";
import type { MetricsSnapshot } from "../store/metrics.ts";
import type { WorkerOptions } from "../worker.ts";

export function createPlanMetrics(registry: Registry) {
  const registers = [registry];
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers });
  const tasks = gauge("execution_tasks_total", "Tasks of a plan by status; without status: all", ["plan_id", "status"]);
  const completed = gauge("execution_tasks_completed", "Completed tasks of a plan", ["plan_id"]);
  const info = gauge("execution_info", "1 for each execution that is shown", ["plan_id", "execution_id", "title", "status"]);
  const cost = gauge("execution_cost_usd", "What an execution has cost so far", ["plan_id"]);
  const tokens = gauge("execution_tokens", "Tokens that an execution has used so far", ["plan_id"]);
  const budget = gauge("execution_budget_used_ratio", "Share of a plan's budget that is spent", ["plan_id", "metric"]);
  const byPeople = gauge("execution_tasks_by_people", "Completed tasks of a plan in which a person had a hand", ["plan_id"]);
  const duration = new Histogram({
    name: "execution_task_duration_seconds",
    help: "Duration of ended attempts",
    labelNames: ["plan_id"],
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400],
    registers,
  });
  const errors = new Counter({
    name: "execution_errors_total",
    help: "Failed attempts by class",
    labelNames: ["plan_id", "class"],
    registers,
  });
  const fromDatabase = [tasks, completed, info, cost, tokens, budget, byPeople];
  /** Classes of failure by plan, of the plans that were counted here. */
  const counted = new Map<string, Set<string>>();

  function countFailure(plan_id: string, failureClass: string, count: number): void {
    errors.inc({ plan_id, class: failureClass }, count);
    counted.set(plan_id, (counted.get(plan_id) ?? new Set()).add(failureClass));
  }

  /** Drops what was counted of plans that are no longer shown. */
  function forget(shown: ReadonlySet<string>): void {
    for (const [planId, classes] of counted) {
      if (shown.has(planId)) continue;
      counted.delete(planId);
      duration.remove({ plan_id: planId });
      for (const failureClass of classes) errors.remove({ plan_id: planId, class: failureClass });
    }
  }

  return {
    /** A series that begins with its first value has no rate; these begin with 0. */
    claimed(claimed: readonly ClaimedTask[]): void {
      for (const plan_id of new Set(claimed.map(({ planId }) => planId))) {
        if (counted.has(plan_id)) continue;
        duration.zero({ plan_id });
        countFailure(plan_id, "transient", 0);
      }
    },
    /** Returns how many of the reports were refused. */
    ended(reports: Parameters<WorkerOptions["onEnded"]>[0]): number {
      let refused = 0;
      for (const { ending, claimed, seconds, result } of reports) {
        if (!result.accepted) {
          refused += 1;
          continue;
        }
        duration.observe({ plan_id: claimed.planId }, seconds);
        if (ending.outcome === "failed" || ending.outcome === "retry")
          countFailure(claimed.planId, ending.detail.failureClass ?? "unknown", 1);
        else countFailure(claimed.planId, "transient", 0);
      }
      return refused;
    },
    show(snapshot: MetricsSnapshot): void {
      forget(new Set(snapshot.plans.map(({ planId }) => planId)));
      for (const metric of fromDatabase) metric.reset();
      if (!snapshot.speaks) return;
      for (const { planId: plan_id, executionId, title, status, costUsd, tokens: used } of snapshot.plans) {
        info.set({ plan_id, execution_id: executionId, title, status }, 1);
        cost.set({ plan_id }, costUsd);
        tokens.set({ plan_id }, used);
      }
      for (const { planId: plan_id, status, person, count } of snapshot.tasks) {
        tasks.inc({ plan_id, status }, count);
        tasks.inc({ plan_id }, count);
        completed.inc({ plan_id }, status === "completed" ? count : 0);
        byPeople.inc({ plan_id }, status === "completed" && person ? count : 0);
      }
      for (const { planId: plan_id, metric, used } of snapshot.budgets) budget.set({ plan_id, metric }, used);
    },
  };
}
