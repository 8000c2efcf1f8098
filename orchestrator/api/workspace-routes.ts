/** Checkpoints of an execution, and going back to one. */
import { createRoute } from "@hono/zod-openapi";
import type { Rollbacks } from "../workspace/rollback.ts";
import type { Feature } from "./door-env.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";
import { CheckpointsAnswer, RollbackAnswer, RollbackRequest } from "./workspace-contract.ts";

const tags = ["workspaces"];

const checkpointsRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/checkpoints",
  operationId: "listCheckpoints",
  tags,
  summary: "What was kept before and after each task",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(CheckpointsAnswer, "Checkpoints and rollbacks, oldest first."), ...refusals(404) },
});

const rollbackRoute = createRoute({
  method: "post",
  path: "/api/executions/{id}/rollback",
  operationId: "rollbackExecution",
  tags,
  summary: "Go back to a checkpoint, files and state together",
  description: "With dryRun nothing changes and the answer shows the difference. With undo the last rollback is taken back.",
  request: { params: IdParameter, body: jsonBody(RollbackRequest) },
  responses: { 200: jsonAnswer(RollbackAnswer, "What changed, or would change."), ...refusals(...withBody, 404, 409) },
});

export function workspaceRoutes(rollbacks: Rollbacks): Feature {
  return (app) => {
    app.openapi(checkpointsRoute, async (c) => c.json(await rollbacks.list(c.req.valid("param").id), 200));
    app.openapi(rollbackRoute, async (c) => c.json(await rollbacks.rollback(c.req.valid("param").id, c.req.valid("json")), 200));
  };
}
