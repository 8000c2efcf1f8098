/** Puts the parts of remote agents together as one orchestrator needs them. */
import { agentRoutes } from "../api/agent-routes.ts";
import type { AgentAuth } from "../api/auth.ts";
import type { Feature } from "../api/door-env.ts";
import { principalText } from "../domain/principal.ts";
import { createAgentStore } from "../store/agents.ts";
import { createAuditStore } from "../store/audit.ts";
import type { Database } from "../store/db.ts";
import { Audit } from "./audit.ts";
import { createAgentDirectory } from "./directory.ts";
import { createRegistry } from "./registry.ts";

const longestAction = 300;

export type AgentsOptions = {
  database: Database;
  onError(error: unknown, doing: string): void;
};

export type Agents = {
  auth: AgentAuth;
  feature: Feature;
  start(): void;
  stop(): Promise<void>;
};

export function createAgents({ database, onError }: AgentsOptions): Agents {
  const store = createAgentStore(database);
  const entries = createAuditStore(database);
  const directory = createAgentDirectory(store, Date.now);
  const audit = new Audit(entries, onError);
  const registry = createRegistry({ store, audit, entries, onChange: () => directory.forget() });
  let unlisten: (() => void) | undefined;
  return {
    auth: {
      principalOf: (token) => directory.principalOf(token),
      onRefused: (principal, action, { status, reason }) =>
        audit.refused({ principal: principalText(principal), action: action.slice(0, longestAction), status, reason }),
    },
    feature: agentRoutes(registry),
    start() {
      audit.start();
      unlisten = database.listen("longhaul_agents", () => directory.forget());
    },
    async stop() {
      unlisten?.();
      await audit.stop();
    },
  };
}
