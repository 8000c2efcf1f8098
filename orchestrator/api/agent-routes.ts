/** Registering remote agents and looking after them. */
import { createRoute } from "@hono/zod-openapi";
import type { Principal } from "../domain/principal.ts";
import {
  type Agent,
  AgentDetail,
  AgentList,
  AuditList,
  AuditQuery,
  JoinToken,
  NewAgent,
  NewJoinToken,
  RegisteredAgent,
  RevokeAnswer,
} from "./agent-contract.ts";
import type { Feature } from "./door-env.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";

export type AgentCommands = {
  register(agent: NewAgent, by: Principal): Promise<RegisteredAgent>;
  createJoinToken(request: NewJoinToken): Promise<JoinToken>;
  list(): Promise<Agent[]>;
  agent(id: string): Promise<AgentDetail>;
  revoke(id: string): Promise<RevokeAnswer>;
  audit(agentId: string | undefined, limit: number): Promise<AuditList["entries"]>;
};

const tags = ["agents"];

const registerRoute = createRoute({
  method: "post",
  path: "/api/agents",
  operationId: "registerAgent",
  tags,
  summary: "Register an agent, as the owner or with a join token",
  request: { body: jsonBody(NewAgent) },
  responses: { 201: jsonAnswer(RegisteredAgent, "Its token is shown this once."), ...refusals(...withBody, 409) },
});

const joinRoute = createRoute({
  method: "post",
  path: "/api/agents/join-tokens",
  operationId: "createJoinToken",
  tags,
  summary: "A token with which machines register themselves",
  request: { body: jsonBody(NewJoinToken, false) },
  responses: { 201: jsonAnswer(JoinToken, "Shown this once."), ...refusals(...withBody) },
});

const listRoute = createRoute({
  method: "get",
  path: "/api/agents",
  operationId: "listAgents",
  tags,
  summary: "All agents",
  responses: { 200: jsonAnswer(AgentList, "Revoked ones last."), ...refusals() },
});

const agentRoute = createRoute({
  method: "get",
  path: "/api/agents/{id}",
  operationId: "getAgent",
  tags,
  summary: "One agent",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(AgentDetail, "The agent and what it is working on."), ...refusals(404) },
});

const revokeRoute = createRoute({
  method: "delete",
  path: "/api/agents/{id}",
  operationId: "revokeAgent",
  tags,
  summary: "Revoke an agent: its token opens nothing any more",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(RevokeAnswer, "Revoked."), ...refusals(404) },
});

const auditRoute = createRoute({
  method: "get",
  path: "/api/audit",
  operationId: "listAudit",
  tags,
  summary: "What was refused to agents, newest first",
  request: { query: AuditQuery },
  responses: { 200: jsonAnswer(AuditList, "Entries are kept for 90 days."), ...refusals() },
});

export function agentRoutes(commands: AgentCommands): Feature {
  return (app) => {
    app.openapi(registerRoute, async (c) => c.json(await commands.register(c.req.valid("json"), c.get("principal")), 201));
    app.openapi(joinRoute, async (c) => c.json(await commands.createJoinToken(c.req.valid("json")), 201));
    app.openapi(listRoute, async (c) => c.json({ agents: await commands.list() }, 200));
    app.openapi(agentRoute, async (c) => c.json(await commands.agent(c.req.valid("param").id), 200));
    app.openapi(revokeRoute, async (c) => c.json(await commands.revoke(c.req.valid("param").id), 200));
    app.openapi(auditRoute, async (c) => {
      const { agentId, limit } = c.req.valid("query");
      return c.json({ entries: await commands.audit(agentId, limit) }, 200);
    });
  };
}
