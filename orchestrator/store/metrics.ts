/** What `/metrics` says about the database, in one statement; see `metrics_snapshot` in sql/0014_health.sql. */
import type { Database } from "./db.ts";

export type MetricsSnapshot = {
  /** Whether this node is the one that speaks for the database. */
  speaks: boolean;
  plans: { planId: string; executionId: string; status: string; title: string; costUsd: number; tokens: number }[];
  /** `person`: somebody had a hand in it. */
  tasks: { planId: string; status: string; person: boolean; count: number }[];
  budgets: { planId: string; metric: string; used: number }[];
  queue: Record<"ready" | "running" | "retrying" | "waiting", number>;
  lagSeconds: number;
  nodes: Record<"live" | "lost", number>;
  outbox: { channel: string; waiting: number; oldestSeconds: number }[];
  intents: number;
  approvals: number;
  alerts: { metric: string; level: string; count: number }[];
  agents: Record<string, number>;
  patterns: number;
  recommended: Record<"shown" | "withheld", number>;
  unlearned: number;
  events: number;
  today: Record<"usd" | "tokens" | "seconds", number>;
  trends: { metric: string; mean: number; median: number }[];
};

export function createMetricsStore(database: Database) {
  return {
    /** @param seconds how long executions that ended stay in it; @param plans most of them */
    async snapshot(node: string, seconds: number, plans: number): Promise<MetricsSnapshot> {
      const [row] = await database.query<{ snapshot: MetricsSnapshot }>({
        name: "metrics_snapshot",
        text: "select metrics_snapshot($1, $2, $3) as snapshot",
        values: [node, seconds, plans],
      });
      return (row as { snapshot: MetricsSnapshot }).snapshot;
    },
  };
}

export type MetricsStore = ReturnType<typeof createMetricsStore>;
