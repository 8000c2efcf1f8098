/** The queue of what only a person can do. */
import { createRoute, type RouteHandler } from "@hono/zod-openapi";
import { ActionList, CompleteActionRequest } from "./action-contract.ts";
import { ControlResponse } from "./contract.ts";
import type { DoorApp, DoorEnv, Services } from "./door-env.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";

const tags = ["actions"];

export const pendingRoute = createRoute({
  method: "get",
  path: "/api/actions/pending",
  operationId: "listPendingActions",
  tags,
  summary: "What waits for a person",
  responses: { 200: jsonAnswer(ActionList, "The open actions."), ...refusals() },
});

export const completeRoute = createRoute({
  method: "post",
  path: "/api/actions/{id}/complete",
  operationId: "completeAction",
  tags,
  summary: "Say how an action ended; its execution goes on",
  request: { params: IdParameter, body: jsonBody(CompleteActionRequest, false) },
  responses: { 200: jsonAnswer(ControlResponse, "The execution that it belonged to."), ...refusals(...withBody, 404, 409) },
});

export type ActionHandlers = {
  pending: RouteHandler<typeof pendingRoute, DoorEnv>;
  complete: RouteHandler<typeof completeRoute, DoorEnv>;
};

export function actionHandlers({ commands, queries }: Services): ActionHandlers {
  return {
    pending: async (c) => c.json({ actions: await queries.pendingActions() }, 200),
    complete: async (c) => c.json(await commands.completeAction(c.req.valid("param").id, c.req.valid("json")), 200),
  };
}

export function routeActions(app: DoorApp, handlers: ActionHandlers): void {
  app.openapi(pendingRoute, handlers.pending);
  app.openapi(completeRoute, handlers.complete);
}
