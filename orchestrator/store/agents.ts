/** Agents and join tokens. */
import type { Principal } from "../domain/principal.ts";
import type { Database } from "./db.ts";

export type NewAgent = { id: string; name: string; capabilities: readonly string[]; digest: string };
export type NewJoinToken = {
  id: string;
  digest: string;
  capabilities: readonly string[] | undefined;
  uses: number;
  seconds: number;
};
export type AgentRow = {
  id: string;
  name: string;
  capabilities: string[];
  status: "active" | "blocked" | "revoked";
  last_seen_at: Date | null;
  registered_at: Date;
};
type PrincipalRow = { digest: string; kind: "agent" | "joining"; id: string; name: string | null; capabilities: string[] | null };

const columns = "a.id, a.name, a.capabilities, a.status, a.last_seen_at, a.registered_at";

export function createAgentStore(database: Database) {
  return {
    /** Whose these digests are; revoked agents and dead join tokens are nobody's. */
    async principals(digests: readonly string[]): Promise<Map<string, Principal>> {
      const rows = await database.query<PrincipalRow>({
        name: "agent_principals",
        text: `select a.token_digest as digest, 'agent' as kind, a.id, a.name, a.capabilities from agents a
               where a.token_digest = any ($1::text[]) and a.status <> 'revoked'
               union all
               select j.digest, 'joining', j.id, null, j.capabilities from agent_join_tokens j
               where j.digest = any ($1::text[]) and j.uses_left > 0 and j.expires_at > longhaul_now()`,
        values: [digests],
      });
      return new Map(
        rows.map(({ digest, kind, id, name, capabilities }) => [
          digest,
          kind === "agent"
            ? { kind, id, name: name ?? "", capabilities: capabilities ?? [] }
            : { kind, id, digest, capabilities: capabilities ?? undefined },
        ]),
      );
    },
    /** @throws LonghaulError conflict when the join token was used up meanwhile */
    async register({ id, name, capabilities, digest }: NewAgent, joinDigest: string | undefined): Promise<void> {
      await database.query({
        name: "register_agent",
        text: "select register_agent($1, $2, $3, $4, $5)",
        values: [id, name, capabilities, digest, joinDigest ?? null],
      });
    },
    async addJoinToken({ id, digest, capabilities, uses, seconds }: NewJoinToken): Promise<Date> {
      const [row] = await database.query<{ expires_at: Date }>({
        name: "add_join_token",
        text: `insert into agent_join_tokens (id, digest, capabilities, uses_left, expires_at)
               values ($1, $2, $3, $4, longhaul_now() + $5 * interval '1 second') returning expires_at`,
        values: [id, digest, capabilities ?? null, uses, seconds],
      });
      return (row as { expires_at: Date }).expires_at;
    },
    /** Those that are not revoked first, then by name. */
    list: () =>
      database.query<AgentRow>({
        name: "agents",
        text: `select ${columns} from agents a order by a.status = 'revoked', a.name, a.registered_at`,
        values: [],
      }),
    async agent(id: string): Promise<AgentRow | undefined> {
      const rows = await database.query<AgentRow>({
        name: "agent",
        text: `select ${columns} from agents a where a.id = $1`,
        values: [id],
      });
      return rows[0];
    },
    /** False when it was revoked before. @throws LonghaulError not_found */
    async revoke(id: string): Promise<boolean> {
      const [row] = await database.query<{ changed: boolean }>({
        name: "revoke_agent",
        text: "select revoke_agent($1) as changed",
        values: [id],
      });
      return row?.changed ?? false;
    },
  };
}

export type AgentStore = ReturnType<typeof createAgentStore>;
