/** The routes of the documents that Longhaul grew out of, as other names of the canonical operations. A plan or build is its execution here. */
import { createRoute } from "@hono/zod-openapi";
import type { Builds } from "../builds.ts";
import { principalText } from "../domain/principal.ts";
import { type ActionHandlers, completeRoute, pendingRoute } from "./actions.ts";
import { DecisionAnswer } from "./approval-contract.ts";
import { BuildApproval, BuildRequest, BuildRetryRequest, BuildStarted, BuildStatus } from "./build-contract.ts";
import { ControlResponse } from "./contract.ts";
import type { DoorApp, Feature, Services } from "./door-env.ts";
import { controlRoute, type ExecutionHandlers, handoffRoute, listRoute, statusRoute } from "./executions.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, under, withBody } from "./operation.ts";
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
  app.openapi(under(streamRoute, "/executor/builds/{id}/stream", "streamBuild"), stream);
  app.openapi(cancelBuildRoute, async (c) => c.json(await commands.control(c.req.valid("param").id, { action: "cancel" }), 200));
  app.openapi(under(healthRoute, "/executor/health", "getExecutorHealth"), system.health);
  app.openapi(under(capabilitiesRoute, "/executor/capabilities", "getExecutorCapabilities"), system.capabilities);
}

const tags = ["builds"];

const buildRoute = createRoute({
  method: "post",
  path: "/executor/build-droplet",
  operationId: "startBuild",
  tags,
  summary: "Build a service from one sentence, in eight steps",
  description:
    "intent → spec → package → build → verify → deploy → register → report. A build is an execution: all routes of executions hold for it.",
  request: { body: jsonBody(BuildRequest) },
  responses: { 201: jsonAnswer(BuildStarted, "It is stored and goes on."), ...refusals(...withBody, 409, 422) },
});
const buildStatusRoute = createRoute({
  method: "get",
  path: "/executor/builds/{id}/status",
  operationId: "getBuildStatus",
  tags,
  summary: "Which step a build is at",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(BuildStatus, "The execution's status, and its steps."), ...refusals(404) },
});
const retryBuildRoute = createRoute({
  method: "post",
  path: "/executor/builds/{id}/retry",
  operationId: "retryBuild",
  tags,
  summary: "Run a build again from one of its steps",
  request: { params: IdParameter, body: jsonBody(BuildRetryRequest) },
  responses: { 200: jsonAnswer(ControlResponse, "The state it is in now."), ...refusals(...withBody, 404, 409) },
});
const approveBuildRoute = createRoute({
  method: "post",
  path: "/executor/builds/{id}/approve",
  operationId: "approveBuild",
  tags,
  summary: "Decide on what an execution waits for; the digest binds the decision to what was shown",
  request: { params: IdParameter, body: jsonBody(BuildApproval) },
  responses: { 200: jsonAnswer(DecisionAnswer, "Decided; it counts once."), ...refusals(...withBody, 404, 409) },
});

/** Those that are more than another name: builds are told in steps. */
export function routeBuilds(builds: Builds): Feature {
  return (app) => {
    app.openapi(buildRoute, async (c) => {
      const started = await builds.start(c.req.valid("json"));
      return c.json(started, 201, { location: `/executor/builds/${started.build_id}/status` });
    });
    app.openapi(buildStatusRoute, async (c) => c.json(await builds.status(c.req.valid("param").id), 200));
    app.openapi(retryBuildRoute, async (c) =>
      c.json(await builds.retry(c.req.valid("param").id, c.req.valid("json").from_step), 200),
    );
    for (const route of [approveBuildRoute, under(approveBuildRoute, "/plans/{id}/approve", "approvePlan")]) {
      app.openapi(route, async (c) =>
        c.json(await builds.approve(c.req.valid("param").id, c.req.valid("json"), principalText(c.get("principal"))), 200),
      );
    }
  };
}
