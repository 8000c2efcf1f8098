/** Every use-case about who the agents are: registering, joining, listing, revoking. */
import { v7 as uuidv7 } from "uuid";
import type { Agent } from "../api/agent-contract.ts";
import type { AgentCommands } from "../api/agent-routes.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Principal } from "../domain/principal.ts";
import type { AgentWorkStore } from "../store/agent-work.ts";
import type { AgentRow, AgentStore } from "../store/agents.ts";
import type { AuditStore } from "../store/audit.ts";
import type { Audit } from "./audit.ts";
import { digestOf, newToken } from "./tokens.ts";

export type RegistryOptions = {
  store: AgentStore;
  work: Pick<AgentWorkStore, "workOf">;
  audit: Audit;
  entries: AuditStore;
  /** Who agents are has changed on this node. */
  onChange(): void;
};

export function createRegistry({ store, work, audit, entries, onChange }: RegistryOptions): AgentCommands {
  return {
    async register({ name, capabilities }, by) {
      const wanted = [...new Set(capabilities)].toSorted();
      refuseWhatIsTooMuch(wanted, by);
      const token = newToken("agent");
      const id = uuidv7();
      await store.register(
        { id, name, capabilities: wanted, digest: digestOf(token) },
        by.kind === "joining" ? by.digest : undefined,
      );
      onChange();
      return { id, name, capabilities: wanted, token };
    },
    async createJoinToken({ capabilities, uses, expiresInSeconds }) {
      const token = newToken("join");
      const expiresAt = await store.addJoinToken({
        id: uuidv7(),
        digest: digestOf(token),
        capabilities,
        uses,
        seconds: expiresInSeconds,
      });
      return { token, expiresAt: expiresAt.toISOString(), uses };
    },
    list: async () => (await store.list()).map(agentOf),
    async agent(id) {
      const row = await store.agent(id);
      if (row === undefined) throw new LonghaulError("not_found", `No agent ${id}`, { hint: "GET /api/agents lists them." });
      return { ...agentOf(row), work: await work.workOf(id) };
    },
    async revoke(id) {
      const changed = await store.revoke(id);
      onChange();
      return { id, changed };
    },
    async audit(agentId, limit) {
      await audit.flush();
      const rows = await entries.list(agentId === undefined ? undefined : `agent ${agentId}`, limit);
      return rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }));
    },
  };
}

function refuseWhatIsTooMuch(wanted: readonly string[], by: Principal): void {
  if (by.kind !== "joining" || by.capabilities === undefined) return;
  const allowed = by.capabilities;
  const more = wanted.filter((capability) => !allowed.includes(capability));
  if (more.length === 0) return;
  throw new LonghaulError("forbidden", `capabilities: the join token does not allow ${more.join(", ")}`, {
    hint: allowed.length === 0 ? "It allows none." : `It allows ${allowed.join(", ")}.`,
  });
}

const agentOf = (row: AgentRow): Agent => ({
  id: row.id,
  name: row.name,
  capabilities: row.capabilities,
  status: row.status,
  registeredAt: row.registered_at.toISOString(),
  lastSeenAt: row.last_seen_at?.toISOString() ?? null,
});
