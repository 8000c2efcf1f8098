/**
 * How a browser is let in: the command line gets a one-time code with the token, the page exchanges it for a session of two halves, a cookie
 * and a proof (see sql/0018_dashboard.sql for why two). The values themselves are never kept.
 */
import { createHash, randomBytes } from "node:crypto";
import { LonghaulError } from "./domain/errors.ts";
import type { DashboardSessionStore } from "./store/dashboard-sessions.ts";

const codeSeconds = 60;
const sessionSeconds = 7 * 24 * 3600;

export type DashboardSessions = {
  /** A code that opens one session within a minute. */
  offer(): Promise<{ code: string; expiresAt: string }>;
  /** @throws LonghaulError unauthorized when the code is unknown, used or too old */
  redeem(code: string): Promise<{ cookie: string; proof: string; expiresAt: string; seconds: number }>;
  accepts(cookie: string, proof: string): Promise<boolean>;
  end(cookie: string): Promise<void>;
};

export function createDashboardSessions(store: DashboardSessionStore): DashboardSessions {
  return {
    async offer() {
      const code = secret();
      const until = await store.offer(hash(code), codeSeconds);
      return { code, expiresAt: until.toISOString() };
    },
    async redeem(code) {
      const [cookie, proof] = [secret(), secret()];
      const until = await store.redeem(hash(code), { cookie: hash(cookie), proof: hash(proof) }, sessionSeconds);
      if (until === undefined) {
        throw new LonghaulError("unauthorized", "This link was used before, or is older than a minute.", {
          hint: "Run 'longhaul dashboard' for a new one.",
        });
      }
      return { cookie, proof, expiresAt: until.toISOString(), seconds: sessionSeconds };
    },
    accepts: (cookie, proof) => store.knows({ cookie: hash(cookie), proof: hash(proof) }),
    end: (cookie) => store.end(hash(cookie)),
  };
}

const secret = () => randomBytes(32).toString("base64url");
const hash = (value: string) => createHash("sha256").update(value).digest();
