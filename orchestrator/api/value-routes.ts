/** What executions were worth. */
import { createRoute } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { IdParameter, jsonAnswer, refusals } from "./operation.ts";
import { ValueQuery, ValueReport } from "./value-contract.ts";

export type ValueQueries = {
  overall(since: Date | undefined): Promise<ValueReport>;
  of(executionId: string): Promise<ValueReport>;
};

const tags = ["value"];

const overallRoute = createRoute({
  method: "get",
  path: "/api/value",
  operationId: "getValue",
  tags,
  summary: "Value of all executions, from what is recorded",
  request: { query: ValueQuery },
  responses: { 200: jsonAnswer(ValueReport, "What is not known is null."), ...refusals() },
});

const executionRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/value",
  operationId: "getExecutionValue",
  tags,
  summary: "Value of one execution, from what is recorded",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(ValueReport, "What is not known is null."), ...refusals(404) },
});

export function valueRoutes(queries: ValueQueries): Feature {
  return (app) => {
    app.openapi(overallRoute, async (c) => {
      const { since } = c.req.valid("query");
      return c.json(await queries.overall(since === undefined ? undefined : new Date(since)), 200);
    });
    app.openapi(executionRoute, async (c) => c.json(await queries.of(c.req.valid("param").id), 200));
  };
}
