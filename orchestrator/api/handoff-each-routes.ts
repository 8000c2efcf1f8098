/** Handing off a template for many entries. */
import { createRoute } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { HandoffEachRequest, HandoffEachResponse } from "./handoff-each-contract.ts";
import { jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";

const eachRoute = createRoute({
  method: "post",
  path: "/api/executions/each",
  operationId: "handOffEach",
  tags: ["executions"],
  summary: "Hand off a template: one execution for each entry",
  description:
    "Every entry is checked before the first one starts. With an idempotency key, sending it again starts only what is missing.",
  request: { body: jsonBody(HandoffEachRequest) },
  responses: {
    201: jsonAnswer(HandoffEachResponse, "The executions, in the order of the entries."),
    ...refusals(...withBody, 409, 422),
  },
});

export function handoffEachRoutes(handoffEach: (request: HandoffEachRequest) => Promise<HandoffEachResponse>): Feature {
  return (app) => {
    app.openapi(eachRoute, async (c) => c.json(await handoffEach(c.req.valid("json")), 201));
  };
}
