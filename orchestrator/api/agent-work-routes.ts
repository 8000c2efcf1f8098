/** The routes that the tokens of agents reach, and the one that takes work from them. */
import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { TakeReport } from "../agents/reports.ts";
import type { AgentPrincipal } from "../domain/principal.ts";
import {
  Heartbeat,
  HeartbeatAnswer,
  ReassignAnswer,
  ReassignRequest,
  ReportAnswer,
  WorkAnswer,
  WorkQuery,
  WorkReport,
} from "./agent-work-contract.ts";
import type { DoorEnv, Feature } from "./door-env.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";
import { Refusal } from "./problem.ts";

export type AgentWorkCommands = {
  /** @param gone calls its argument when the agent hung up; returns what ends that */
  poll(agent: AgentPrincipal, waitSeconds: number, gone: (hungUp: () => void) => () => void): Promise<WorkAnswer>;
  report: TakeReport;
  heartbeat(agent: AgentPrincipal, heartbeat: Heartbeat): Promise<HeartbeatAnswer>;
  reassign(request: ReassignRequest): Promise<void>;
};

const tags = ["agents"];

const workRoute = createRoute({
  method: "get",
  path: "/api/agents/{id}/work",
  operationId: "getAgentWork",
  tags,
  summary: "Ask for work; the answer is held back while there is none",
  request: { params: IdParameter, query: WorkQuery },
  responses: { 200: jsonAnswer(WorkAnswer, "Work that is now this agent's, or none."), ...refusals(404) },
});

const heartbeatRoute = createRoute({
  method: "post",
  path: "/api/agents/{id}/heartbeat",
  operationId: "sendAgentHeartbeat",
  tags,
  summary: "Show a sign of life; the answer says what to halt",
  request: { params: IdParameter, body: jsonBody(Heartbeat, false) },
  responses: { 200: jsonAnswer(HeartbeatAnswer, "The leases are extended."), ...refusals(...withBody, 404) },
});

const reportRoute = createRoute({
  method: "post",
  path: "/api/executions/{id}/events",
  operationId: "reportAgentWork",
  tags,
  summary: "Report on work: progress, log lines, artifacts, and how it ended",
  request: { params: IdParameter, body: jsonBody(WorkReport) },
  responses: { 200: jsonAnswer(ReportAnswer, "Recorded, now or by an earlier call."), ...refusals(...withBody, 404, 409) },
});

const reassignRoute = createRoute({
  method: "post",
  path: "/api/agents/reassign",
  operationId: "reassignAgentWork",
  tags,
  summary: "Give a task to another agent",
  request: { body: jsonBody(ReassignRequest) },
  responses: { 200: jsonAnswer(ReassignAnswer, "It is offered again."), ...refusals(...withBody, 404, 409) },
});

export function agentWorkRoutes(commands: AgentWorkCommands): Feature {
  return (app) => {
    app.openapi(workRoute, async (c) => {
      const answer = await commands.poll(agentOf(c), c.req.valid("query").waitSeconds, (hungUp) => {
        const socket = c.env?.incoming?.socket;
        socket?.once("close", hungUp);
        return () => socket?.off("close", hungUp);
      });
      return c.json(answer, 200);
    });
    app.openapi(heartbeatRoute, async (c) => c.json(await commands.heartbeat(agentOf(c), c.req.valid("json")), 200));
    app.openapi(reportRoute, async (c) =>
      c.json(await commands.report(agentOf(c), c.req.valid("param").id, c.req.valid("json")), 200),
    );
    app.openapi(reassignRoute, async (c) => {
      const request = c.req.valid("json");
      await commands.reassign(request);
      return c.json(request, 200);
    });
  };
}

/** That the id in the path is the agent's own was checked at the door. */
function agentOf(c: Context<DoorEnv>): AgentPrincipal {
  const principal = c.get("principal");
  if (principal.kind === "agent") return principal;
  throw new Refusal("forbidden", "Only an agent does that, with the token that it was registered with.", {
    hint: "POST /api/agents registers one.",
  });
}
