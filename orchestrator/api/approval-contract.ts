/** Approvals as the API shows and takes them. */
import { z } from "@hono/zod-openapi";

export const Approval = z
  .object({
    id: z.string(),
    executionId: z.string(),
    executionTitle: z.string(),
    taskId: z.string(),
    title: z.string(),
    /** What goes ahead with it: tasks with what they do, results before it, commit and tree of the workspace. */
    subject: z.record(z.string(), z.unknown()),
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
    /** From where, for the audit log. */
    channel: z.enum(["cli", "session", "dashboard", "api"]).optional(),
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
