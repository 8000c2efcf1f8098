/** Figures of executions, what people think of them, and trends. */
import { createRoute } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { MetricsAnswer, RatingRequest, TrendsAnswer, TrendsQuery } from "./metric-contract.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";

export type MetricQueries = {
  rate(executionId: string, rating: RatingRequest): Promise<MetricsAnswer>;
  of(executionId: string): Promise<MetricsAnswer>;
  trends(days: number, metric: string | undefined): Promise<TrendsAnswer>;
};

const tags = ["metrics"];

const rateRoute = createRoute({
  method: "post",
  path: "/api/executions/{id}/rating",
  operationId: "rateExecution",
  tags,
  summary: "Say how good an execution or one of its tasks was, from 1 to 10",
  request: { params: IdParameter, body: jsonBody(RatingRequest) },
  responses: { 200: jsonAnswer(MetricsAnswer, "All figures of the execution."), ...refusals(...withBody, 404, 409) },
});

const metricsRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/metrics",
  operationId: "getExecutionMetrics",
  tags,
  summary: "Figures of an execution: duration, success ratio, pass rates, tokens, ratings",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(MetricsAnswer, "Written when it ends; ratings and scores at once."), ...refusals(404) },
});

const trendsRoute = createRoute({
  method: "get",
  path: "/api/trends",
  operationId: "getTrends",
  tags,
  summary: "Figures of all executions per day",
  request: { query: TrendsQuery },
  responses: { 200: jsonAnswer(TrendsAnswer, "Newest day first."), ...refusals() },
});

export function metricRoutes(queries: MetricQueries): Feature {
  return (app) => {
    app.openapi(rateRoute, async (c) => c.json(await queries.rate(c.req.valid("param").id, c.req.valid("json")), 200));
    app.openapi(metricsRoute, async (c) => c.json(await queries.of(c.req.valid("param").id), 200));
    app.openapi(trendsRoute, async (c) => {
      const { days, metric } = c.req.valid("query");
      return c.json(await queries.trends(days, metric), 200);
    });
  };
}
