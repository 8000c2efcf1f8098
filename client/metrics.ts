/** Calls about figures of executions, ratings and trends. */
import type { MetricsAnswer, RatingRequest, TrendsAnswer } from "../orchestrator/api/metric-contract.ts";
import type { Client } from "./client.ts";

const execution = (id: string) => `/api/executions/${encodeURIComponent(id)}`;

export const rateExecution = (client: Client, id: string, rating: RatingRequest): Promise<MetricsAnswer> =>
  client.ask({ method: "POST", path: `${execution(id)}/rating`, body: rating });

export const metricsOf = (client: Client, id: string): Promise<MetricsAnswer> =>
  client.ask({ method: "GET", path: `${execution(id)}/metrics` });

export function trendsOf(client: Client, { days, metric }: { days?: number; metric?: string } = {}): Promise<TrendsAnswer> {
  const query = new URLSearchParams();
  if (days !== undefined) query.set("days", String(days));
  if (metric !== undefined) query.set("metric", metric);
  return client.ask({ method: "GET", path: `/api/trends?${query.toString()}` });
}
