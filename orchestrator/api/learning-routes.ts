/** Similar tasks of the past, and whether knowing them helps. */
import { createRoute } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { LearningReport, RecommendationList, RecommendationQuery } from "./learning-contract.ts";
import { jsonAnswer, refusals } from "./operation.ts";

export type LearningQueries = {
  recommendations(query: RecommendationQuery): Promise<RecommendationList>;
  report(): Promise<LearningReport>;
};

const tags = ["learning"];

const recommendationsRoute = createRoute({
  method: "get",
  path: "/api/recommendations",
  operationId: "getRecommendations",
  tags,
  summary: "Similar tasks of the past and how they went",
  request: { query: RecommendationQuery },
  responses: { 200: jsonAnswer(RecommendationList, "Best first; weak matches are left out."), ...refusals(404) },
});

const reportRoute = createRoute({
  method: "get",
  path: "/api/learning",
  operationId: "getLearning",
  tags,
  summary: "What was learned, and whether it helps",
  responses: { 200: jsonAnswer(LearningReport, "Counts, lift against the withheld share, error of estimates."), ...refusals() },
});

export function learningRoutes(queries: LearningQueries): Feature {
  return (app) => {
    app.openapi(recommendationsRoute, async (c) => c.json(await queries.recommendations(c.req.valid("query")), 200));
    app.openapi(reportRoute, async (c) => c.json(await queries.report(), 200));
  };
}
