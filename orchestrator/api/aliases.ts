/** The routes of the documents that Longhaul grew out of, as other names of the canonical operations. A plan or build is its execution here. */
import { createRoute } from "@hono/zod-openapi";
import { type ActionHandlers, completeRoute, pendingRoute } from "./actions.ts";
import { ControlResponse } from "./contract.ts";
import type { DoorApp, Services } from "./door-env.ts";
import { controlRoute, type ExecutionHandlers, handoffRoute, listRoute, statusRoute } from "./executions.ts";
import { IdParameter, jsonAnswer, refusals, under } from "./operation.ts";
import { type StreamHandler, streamRoute } from "./stream.ts";
import { capabilitiesRoute, healthRoute, type SystemHandlers } from "./system.ts";

const cancelBuildRoute = createRoute({
  method: "delete",
  path: "/executor/builds/{id}",
  operationId: "cancelBuild",
  tags: ["aliases"],
  summary: "Cancel an execution",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(ControlResponse, "The state it is in now."), ...refusals(404, 409) },
});

export type AliasedHandlers = {
  executions: ExecutionHandlers;
  actions: ActionHandlers;
  system: SystemHandlers;
  stream: StreamHandler;
};

export function routeAliases(
  app: DoorApp,
  { executions, actions, system, stream }: AliasedHandlers,
  { commands }: Services,
): void {
  app.openapi(under(handoffRoute, "/api/execution/handoff", "handoffExecution"), executions.handoff);
  app.openapi(under(statusRoute, "/api/execution/{id}/status", "getExecutionStatus"), executions.status);
  app.openapi(under(controlRoute, "/api/execution/{id}/control", "controlOneExecution"), executions.control);

  app.openapi(under(handoffRoute, "/plans/submit", "submitPlan"), executions.handoff);
  app.openapi(under(statusRoute, "/plans/{id}/status", "getPlanStatus"), executions.status);
  app.openapi(under(pendingRoute, "/actions/pending", "listActions"), actions.pending);
  app.openapi(under(completeRoute, "/actions/{id}/complete", "completePendingAction"), actions.complete);

  app.openapi(under(listRoute, "/executor/builds", "listBuilds"), executions.list);
  app.openapi(under(statusRoute, "/executor/builds/{id}/status", "getBuildStatus"), executions.status);
  app.openapi(under(streamRoute, "/executor/builds/{id}/stream", "streamBuild"), stream);
  app.openapi(cancelBuildRoute, async (c) => c.json(await commands.control(c.req.valid("param").id, { action: "cancel" }), 200));
  app.openapi(under(healthRoute, "/executor/health", "getExecutorHealth"), system.health);
  app.openapi(under(capabilitiesRoute, "/executor/capabilities", "getExecutorCapabilities"), system.capabilities);
}
