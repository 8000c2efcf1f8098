/** Handing plans off, and looking at and steering their executions. */
import { createRoute, type RouteHandler } from "@hono/zod-openapi";
import {
  ControlRequest,
  ControlResponse,
  EventPage,
  EventQuery,
  ExecutionDetail,
  ExecutionList,
  ExecutionStatusResponse,
  HandoffRequest,
  HandoffResponse,
  ListQuery,
  UpdateRequest,
} from "./contract.ts";
import type { DoorApp, DoorEnv, Services } from "./door-env.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";

const tags = ["executions"];

export const handoffRoute = createRoute({
  method: "post",
  path: "/api/executions",
  operationId: "handoff",
  tags,
  summary: "Hand a plan off",
  description: "The plan is stored before the answer is sent, and goes on whatever happens to the caller.",
  request: { body: jsonBody(HandoffRequest) },
  responses: {
    201: jsonAnswer(HandoffResponse, "The execution exists and will run."),
    200: jsonAnswer(HandoffResponse, "The idempotency key was known: this is the first execution."),
    ...refusals(...withBody, 404, 409, 422),
  },
});

export const listRoute = createRoute({
  method: "get",
  path: "/api/executions",
  operationId: "listExecutions",
  tags,
  summary: "List executions, newest first",
  request: { query: ListQuery },
  responses: { 200: jsonAnswer(ExecutionList, "One page."), ...refusals() },
});

const executionRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}",
  operationId: "getExecution",
  tags,
  summary: "Everything about an execution",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(ExecutionDetail, "The execution with all its tasks."), ...refusals(404) },
});

export const statusRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/status",
  operationId: "getStatus",
  tags,
  summary: "How far an execution is",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(ExecutionStatusResponse, "Progress, running tasks, blockers."), ...refusals(404) },
});

export const controlRoute = createRoute({
  method: "post",
  path: "/api/executions/{id}/control",
  operationId: "controlExecution",
  tags,
  summary: "Pause, resume, cancel, retry or skip",
  request: { params: IdParameter, body: jsonBody(ControlRequest) },
  responses: { 200: jsonAnswer(ControlResponse, "The state it is in now."), ...refusals(...withBody, 404, 409) },
});

const updateRoute = createRoute({
  method: "patch",
  path: "/api/executions/{id}",
  operationId: "updateExecution",
  tags,
  summary: "Bring an execution into a state",
  request: { params: IdParameter, body: jsonBody(UpdateRequest) },
  responses: { 200: jsonAnswer(ControlResponse, "The state it is in now."), ...refusals(...withBody, 404, 409) },
});

const eventsRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/events",
  operationId: "listEvents",
  tags,
  summary: "Page through the event log",
  request: { params: IdParameter, query: EventQuery },
  responses: { 200: jsonAnswer(EventPage, "Events after the given sequence number, in order."), ...refusals(404) },
});

const actionFor = { paused: "pause", running: "resume", cancelled: "cancel" } as const;

export type ExecutionHandlers = {
  handoff: RouteHandler<typeof handoffRoute, DoorEnv>;
  list: RouteHandler<typeof listRoute, DoorEnv>;
  execution: RouteHandler<typeof executionRoute, DoorEnv>;
  status: RouteHandler<typeof statusRoute, DoorEnv>;
  control: RouteHandler<typeof controlRoute, DoorEnv>;
  update: RouteHandler<typeof updateRoute, DoorEnv>;
  events: RouteHandler<typeof eventsRoute, DoorEnv>;
};

export function executionHandlers({ commands, queries }: Services): ExecutionHandlers {
  return {
    handoff: async (c) => {
      const answer = await commands.handoff(c.req.valid("json"));
      return c.json(answer, answer.created ? 201 : 200, { location: `/api/executions/${answer.executionId}` });
    },
    list: async (c) => c.json(await queries.list(c.req.valid("query")), 200),
    execution: async (c) => c.json(await queries.execution(c.req.valid("param").id), 200),
    status: async (c) => c.json(await queries.status(c.req.valid("param").id), 200),
    control: async (c) => c.json(await commands.control(c.req.valid("param").id, c.req.valid("json")), 200),
    update: async (c) => {
      const { status, reason } = c.req.valid("json");
      const request = { action: actionFor[status], ...(reason === undefined ? {} : { reason }) };
      return c.json(await commands.control(c.req.valid("param").id, request), 200);
    },
    events: async (c) => c.json(await queries.events(c.req.valid("param").id, c.req.valid("query")), 200),
  };
}

export function routeExecutions(app: DoorApp, handlers: ExecutionHandlers): void {
  app.openapi(handoffRoute, handlers.handoff);
  app.openapi(listRoute, handlers.list);
  app.openapi(executionRoute, handlers.execution);
  app.openapi(statusRoute, handlers.status);
  app.openapi(controlRoute, handlers.control);
  app.openapi(updateRoute, handlers.update);
  app.openapi(eventsRoute, handlers.events);
}
