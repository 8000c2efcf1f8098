/** Calls about similar tasks of the past. */
import type { LearningReport, RecommendationList } from "../orchestrator/api/learning-contract.ts";
import type { CallOptions, Client } from "./client.ts";

export type RecommendationSearch = { q?: string; executionId?: string; project?: string; limit?: number };

export function recommendations(
  client: Client,
  search: RecommendationSearch,
  options: CallOptions = {},
): Promise<RecommendationList> {
  const query = new URLSearchParams(Object.entries(search).map(([name, value]): [string, string] => [name, String(value)]));
  return client.ask({ method: "GET", path: `/api/recommendations?${query.toString()}`, ...options });
}

export const learningReport = (client: Client): Promise<LearningReport> => client.ask({ method: "GET", path: "/api/learning" });
