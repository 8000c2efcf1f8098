/** Looking at a plan before anything runs. */
import { createRoute } from "@hono/zod-openapi";
import { PreviewRequest, PreviewResponse } from "./contract.ts";
import type { DoorApp, Services } from "./door-env.ts";
import { jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";

const previewRoute = createRoute({
  method: "post",
  path: "/api/plans/preview",
  operationId: "previewPlan",
  tags: ["plans"],
  summary: "Read a plan and show what would run; starts nothing",
  request: { body: jsonBody(PreviewRequest) },
  responses: {
    200: jsonAnswer(PreviewResponse, "The plan, the parse report and the order of work."),
    ...refusals(...withBody, 404, 422),
  },
});

export function routePlans(app: DoorApp, { queries }: Services): void {
  app.openapi(previewRoute, async (c) => c.json(await queries.preview(c.req.valid("json")), 200));
}
