/**
 * Prometheus metrics with the names of SPEC §15. Tasks per plan and status are read from the database at each scrape, so they are true on
 * every node and their series vanish an hour after the execution ended; what happened in time is counted here as it happens.
 *
 * `execution_tasks_total` has a series per status and one without a status, which counts all tasks of the plan: it is what
 * `execution_tasks_completed / execution_tasks_total` divides by, since Prometheus matches series with equal labels.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { AccountStore } from "./store/accounts.ts";
import type { ExecutionStore } from "./store/executions.ts";
import type { WorkerOptions } from "./worker.ts";

/** Series of a plan are dropped this long after its last task ended. */
const retentionMs = 3_600_000;

export type MetricsOptions = {
  executions: ExecutionStore;
  accounts?: Pick<AccountStore, "all">;
  runningAttempts(): number;
  now(): number;
};

export function createMetrics({ executions, accounts, runningAttempts, now }: MetricsOptions) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const tasks = new Gauge({
    name: "execution_tasks_total",
    help: "Tasks of a plan by status; without status: all",
    labelNames: ["plan_id", "status"],
    registers,
  });
  const completed = new Gauge({
    name: "execution_tasks_completed",
    help: "Completed tasks of a plan",
    labelNames: ["plan_id"],
    registers,
  });
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
  const claims = new Counter({ name: "scheduler_claimed_tasks_total", help: "Tasks claimed by this node", registers });
  const refused = new Counter({
    name: "scheduler_refused_reports_total",
    help: "Reports of superseded attempts that were refused",
    registers,
  });
  new Gauge({
    name: "scheduler_running_attempts",
    help: "Attempts under way on this node",
    registers,
    collect() {
      this.set(runningAttempts());
    },
  });
  const limited = new Gauge({
    name: "claude_account_limited_seconds",
    help: "Until a Claude account's limit ends; 0 while there is none",
    labelNames: ["account", "billing"],
    registers,
  });
  const windowUsed = new Gauge({
    name: "claude_account_window_used_ratio",
    help: "Share of the five-hour window that was used when Claude last said so",
    labelNames: ["account", "billing"],
    registers,
  });
  const lastSeenMs = new Map<string, number>();
  const classesSeen = new Map<string, Set<string>>();

  function forgetOld(): void {
    for (const [planId, seenMs] of lastSeenMs) {
      if (now() - seenMs < retentionMs) continue;
      lastSeenMs.delete(planId);
      duration.remove({ plan_id: planId });
      for (const failureClass of classesSeen.get(planId) ?? []) errors.remove({ plan_id: planId, class: failureClass });
      classesSeen.delete(planId);
    }
  }

  return {
    claimed(count: number): void {
      claims.inc(count);
    },
    ended(reports: Parameters<WorkerOptions["onEnded"]>[0]): void {
      for (const { ending, claimed, seconds, result } of reports) {
        if (!result.accepted) {
          refused.inc();
          continue;
        }
        const plan_id = claimed.planId;
        lastSeenMs.set(plan_id, now());
        duration.observe({ plan_id }, seconds);
        if (ending.outcome === "succeeded" || ending.outcome === "release" || ending.outcome === "hold") continue;
        const failureClass = ending.detail.failureClass ?? "unknown";
        errors.inc({ plan_id, class: failureClass });
        classesSeen.set(plan_id, (classesSeen.get(plan_id) ?? new Set()).add(failureClass));
      }
    },
    async render(): Promise<{ contentType: string; body: string }> {
      forgetOld();
      const counts = await executions.taskCounts();
      tasks.reset();
      completed.reset();
      for (const { plan_id, status, count } of counts) {
        tasks.inc({ plan_id, status }, count);
        tasks.inc({ plan_id }, count);
        completed.inc({ plan_id }, status === "completed" ? count : 0);
      }
      limited.reset();
      windowUsed.reset();
      for (const { id: account, billing, limit, window } of (await accounts?.all()) ?? []) {
        limited.set({ account, billing }, limit === undefined ? 0 : Math.max(0, (limit.untilMs - now()) / 1000));
        if (window !== undefined && window.resetsAtMs > now()) windowUsed.set({ account, billing }, window.used);
      }
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
