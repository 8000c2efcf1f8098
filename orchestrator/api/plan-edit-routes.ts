/** Live plan edits and write-back. */
import { createRoute } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";
import { PlanEditAnswer, PlanEditRequest, WriteBackAnswer, WriteBackRequest } from "./plan-edit-contract.ts";

export type PlanEdits = {
  edit(executionId: string, request: PlanEditRequest): Promise<PlanEditAnswer>;
  writeBack(executionId: string, request: WriteBackRequest): Promise<WriteBackAnswer>;
};

const tags = ["plans"];

const editRoute = createRoute({
  method: "post",
  path: "/api/executions/{id}/plan",
  operationId: "editPlan",
  tags,
  summary: "Bring a changed plan to a running execution",
  description:
    "What ended is kept, what runs goes on as it began. With dryRun nothing changes and the answer shows the difference.",
  request: { params: IdParameter, body: jsonBody(PlanEditRequest, false) },
  responses: { 200: jsonAnswer(PlanEditAnswer, "What changed, or would change."), ...refusals(...withBody, 404, 409, 422) },
});

const writeBackRoute = createRoute({
  method: "post",
  path: "/api/executions/{id}/write-back",
  operationId: "writeBack",
  tags,
  summary: "Tick the boxes of finished tasks in the plan's file",
  description: "Nothing else of the file changes; lines that no longer speak of the task are left alone and reported.",
  request: { params: IdParameter, body: jsonBody(WriteBackRequest, false) },
  responses: { 200: jsonAnswer(WriteBackAnswer, "What was ticked, or would be."), ...refusals(...withBody, 404, 409) },
});

export function planEditRoutes(edits: PlanEdits): Feature {
  return (app) => {
    app.openapi(editRoute, async (c) => c.json(await edits.edit(c.req.valid("param").id, c.req.valid("json")), 200));
    app.openapi(writeBackRoute, async (c) => c.json(await edits.writeBack(c.req.valid("param").id, c.req.valid("json")), 200));
  };
}
