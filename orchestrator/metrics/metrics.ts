/** Prometheus metrics of one node, put together when they are asked for. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { AccountStore } from "../store/accounts.ts";
import type { Amounts } from "../store/budgets.ts";
import type { ClaimedTask } from "../store/engine.ts";
import type { MetricsStore } from "../store/metrics.ts";
import type { WorkerOptions } from "../worker.ts";
import { createPlanMetrics } from "./plan-metrics.ts";
import { createStateMetrics } from "./state-metrics.ts";

export type MetricsOptions = {
  store: MetricsStore;
  accounts: Pick<AccountStore, "all">;
  node: string;
  /** How long the series of an execution that ended stay, and of how many executions there are series. */
  retainSeconds: number;
  mostPlans: number;
  day: Partial<Amounts>;
  runningAttempts(): number;
  now(): number;
};

export function createMetrics({ store, accounts, node, retainSeconds, mostPlans, day, runningAttempts, now }: MetricsOptions) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const plans = createPlanMetrics(registry);
  const state = createStateMetrics(registry, day);
  const claims = new Counter({ name: "scheduler_claimed_tasks_total", help: "Tasks claimed by this node", registers });
  const refused = new Counter({
    name: "scheduler_refused_reports_total",
    help: "Reports of superseded attempts that were refused",
    registers,
  });
  const lost = new Counter({
    name: "scheduler_lease_losses_total",
    help: "Attempts that this node ended because the lease of theirs ran out",
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

  return {
    claimed(claimed: readonly ClaimedTask[]): void {
      claims.inc(claimed.length);
      plans.claimed(claimed);
    },
    ended(reports: Parameters<WorkerOptions["onEnded"]>[0]): void {
      refused.inc(plans.ended(reports));
    },
    leasesLost(count: number): void {
      lost.inc(count);
    },
    async render(): Promise<{ contentType: string; body: string }> {
      const [snapshot, known] = await Promise.all([store.snapshot(node, retainSeconds, mostPlans), accounts.all()]);
      plans.show(snapshot);
      state.show(snapshot);
      limited.reset();
      windowUsed.reset();
      for (const { id: account, billing, limit, window } of known) {
        limited.set({ account, billing }, limit === undefined ? 0 : Math.max(0, (limit.untilMs - now()) / 1000));
        if (window !== undefined && window.resetsAtMs > now()) windowUsed.set({ account, billing }, window.used);
      }
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
