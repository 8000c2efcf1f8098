/** One-time codes and browser sessions; everything that comes in here is a hash already. */
import type { Database } from "./db.ts";

export function createDashboardSessionStore(database: Database) {
  return {
    /** @returns until when the code can be used */
    async offer(code: Buffer, seconds: number): Promise<Date> {
      const [row] = await database.query<{ until: Date }>({
        name: "offer_dashboard_code",
        text: "select offer_dashboard_code($1, $2) as until",
        values: [code, seconds],
      });
      return (row as { until: Date }).until;
    },
    /** @returns until when the session lasts; undefined when the code is unknown, used or too old */
    async redeem(code: Buffer, session: { cookie: Buffer; proof: Buffer }, seconds: number): Promise<Date | undefined> {
      const [row] = await database.query<{ until: Date | null }>({
        name: "redeem_dashboard_code",
        text: "select redeem_dashboard_code($1, $2, $3, $4) as until",
        values: [code, session.cookie, session.proof, seconds],
      });
      return row?.until ?? undefined;
    },
    async knows(session: { cookie: Buffer; proof: Buffer }): Promise<boolean> {
      const rows = await database.query({
        name: "dashboard_session",
        text: "select from dashboard_sessions where cookie_hash = $1 and proof_hash = $2 and expires_at > longhaul_now()",
        values: [session.cookie, session.proof],
      });
      return rows.length > 0;
    },
    async end(cookie: Buffer): Promise<void> {
      await database.query({
        name: "end_dashboard_session",
        text: "delete from dashboard_sessions where cookie_hash = $1",
        values: [cookie],
      });
    },
  };
}

export type DashboardSessionStore = ReturnType<typeof createDashboardSessionStore>;
