/** What the API says about the Claude accounts that sessions are billed to. */
import { z } from "@hono/zod-openapi";

export const Account = z
  .object({
    /** Hash of the credential. */
    id: z.string(),
    billing: z.string(),
    /** Nodes that use it. */
    nodes: z.array(z.string()),
    /** E.g. "paused until 14:05 by Claude's usage limit"; null while sessions may start. */
    suspension: z.string().nullable(),
    why: z.enum(["usage_limit", "rate_limit", "reserve"]).nullable(),
    until: z.string().nullable(),
    since: z.string().nullable(),
    message: z.string().nullable(),
    /** Share of the five-hour window that is used, as Claude said last. */
    windowUsed: z.number().nullable(),
    windowResetsAt: z.string().nullable(),
    /** Share of the window that new sessions leave to the person. */
    reserveShare: z.number(),
  })
  .openapi("Account");
export type Account = z.infer<typeof Account>;

export const AccountList = z.object({ accounts: z.array(Account) }).openapi("AccountList");
export type AccountList = z.infer<typeof AccountList>;

export const LiftAnswer = z.object({ accountId: z.string(), lifted: z.boolean() }).openapi("LiftAnswer");
export type LiftAnswer = z.infer<typeof LiftAnswer>;
