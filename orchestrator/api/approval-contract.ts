/** Approvals as the API shows and takes them. */
import { z } from "@hono/zod-openapi";

/** What goes ahead with an approval. */
const ApprovalSubject = z
  .object({
    title: z.string(),
    taskId: z.string(),
    why: z.string().nullable(),
    unlocks: z.array(z.object({ id: z.string(), title: z.string(), does: z.string() })),
    /** What the tasks before it reported. */
    results: z.array(z.object({ id: z.string(), summary: z.string().nullable() })),
    workspace: z.string(),
    commit: z.string().nullable(),
    tree: z.string().nullable(),
    detail: z.unknown(),
  })
  .openapi("ApprovalSubject");
export type ApprovalSubject = z.infer<typeof ApprovalSubject>;

export const Approval = z
  .object({
    id: z.string(),
    executionId: z.string(),
    executionTitle: z.string(),
    taskId: z.string(),
    title: z.string(),
    subject: ApprovalSubject,
    /** Of exactly what is approved; a decision sends it back. */
    digest: z.string(),
    status: z.enum(["pending", "approved", "rejected", "expired"]),
    requestedAt: z.string(),
    expiresAt: z.string(),
    decidedAt: z.string().nullable(),
    decidedBy: z.string().nullable(),
    channel: z.string().nullable(),
    note: z.string().nullable(),
    /** A page that shows it and takes the decision, for whoever has the link. */
    link: z.string().nullable(),
  })
  .openapi("Approval");
export type Approval = z.infer<typeof Approval>;
export const ApprovalList = z.object({ approvals: z.array(Approval) }).openapi("ApprovalList");
export type ApprovalList = z.infer<typeof ApprovalList>;

export const ApprovalDecision = z
  .object({
    decision: z.enum(["approve", "reject"]),
    digest: z.string().length(64),
    note: z.string().max(2000).optional(),
    /** From where, for the audit log; `session-relayed` where a model passed on what the person is said to have said. */
    channel: z.enum(["cli", "session", "session-relayed", "dashboard", "api"]).optional(),
  })
  .strict()
  .openapi("ApprovalDecision");
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;

export const DecisionAnswer = z
  .object({
    approvalId: z.string(),
    executionId: z.string(),
    status: z.enum(["approved", "rejected"]),
    /** False when it was decided so before. */
    changed: z.boolean(),
  })
  .openapi("DecisionAnswer");
export type DecisionAnswer = z.infer<typeof DecisionAnswer>;
