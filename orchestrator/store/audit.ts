/** The record of what was refused to whom. */
import type { Database } from "./db.ts";

export type AuditEntry = { principal: string; action: string; status: number; reason: string; at: Date; times: number };

export function createAuditStore(database: Database) {
  return {
    async append(entries: readonly AuditEntry[]): Promise<void> {
      await database.query({
        name: "append_audit",
        text: `insert into audit_entries (at, principal, action, status, reason, times)
               select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::integer[])`,
        values: [
          entries.map((entry) => entry.at),
          entries.map((entry) => entry.principal),
          entries.map((entry) => entry.action),
          entries.map((entry) => entry.status),
          entries.map((entry) => entry.reason),
          entries.map((entry) => entry.times),
        ],
      });
    },
    /** Newest first; of everybody without a principal. */
    list: (principal: string | undefined, limit: number) =>
      database.query<AuditEntry>({
        name: "audit_entries",
        text: `select at, principal, action, status, reason, times from audit_entries
               where $1::text is null or principal = $1 order by id desc limit $2`,
        values: [principal ?? null, limit],
      }),
    async prune(days: number): Promise<void> {
      await database.query({
        name: "prune_audit",
        text: "delete from audit_entries where at < longhaul_now() - $1 * interval '1 day'",
        values: [days],
      });
    },
  };
}

export type AuditStore = ReturnType<typeof createAuditStore>;
