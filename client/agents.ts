/** Calls about remote agents, for their owner. Agents themselves need nothing of this: examples/agent/ shows how little. */
import type {
  AgentDetail,
  AgentList,
  AuditList,
  JoinToken,
  NewJoinToken,
  RegisteredAgent,
  RevokeAnswer,
} from "../orchestrator/api/agent-contract.ts";
import type { ReassignRequest } from "../orchestrator/api/agent-work-contract.ts";
import type { Client } from "./client.ts";

const path = (id: string) => `/api/agents/${encodeURIComponent(id)}`;

/** The token in the answer is shown this once. */
export const registerAgent = (client: Client, body: { name: string; capabilities?: string[] }): Promise<RegisteredAgent> =>
  client.ask({ method: "POST", path: "/api/agents", body });

export const createJoinToken = (client: Client, body: Partial<NewJoinToken>): Promise<JoinToken> =>
  client.ask({ method: "POST", path: "/api/agents/join-tokens", body });

export const agents = (client: Client): Promise<AgentList> => client.ask({ method: "GET", path: "/api/agents" });

export const agent = (client: Client, id: string): Promise<AgentDetail> => client.ask({ method: "GET", path: path(id) });

export const revokeAgent = (client: Client, id: string): Promise<RevokeAnswer> =>
  client.ask({ method: "DELETE", path: path(id) });

export const reassignTask = (client: Client, body: ReassignRequest): Promise<ReassignRequest> =>
  client.ask({ method: "POST", path: "/api/agents/reassign", body });

/** What was refused to an agent, or to all of them, newest first. */
export function refusedToAgents(client: Client, search: { agentId?: string; limit?: number }): Promise<AuditList> {
  const query = new URLSearchParams(Object.entries(search).map(([name, value]): [string, string] => [name, String(value)]));
  return client.ask({ method: "GET", path: `/api/audit?${query.toString()}` });
}
