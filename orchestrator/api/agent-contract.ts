/** Remote agents as the API shows and takes them. */
import { z } from "@hono/zod-openapi";

const Capability = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\w.:/+-]+$/, "a capability is a word of letters, digits and . : / + - _");
const Capabilities = z.array(Capability).max(100);

export const Agent = z
  .object({
    id: z.string(),
    name: z.string(),
    capabilities: z.array(z.string()),
    /** `blocked`: it has been silent for too long. */
    status: z.enum(["active", "blocked", "revoked"]),
    registeredAt: z.string(),
    lastSeenAt: z.string().nullable(),
  })
  .openapi("Agent");
export type Agent = z.infer<typeof Agent>;
export const AgentDetail = Agent.extend({
  /** What it is working on. */
  work: z.array(
    z.object({
      executionId: z.string(),
      taskId: z.string(),
      attempt: z.number().int(),
      title: z.string(),
      takenAt: z.string(),
      /** Without a sign of life it is taken from the agent then. */
      leaseUntil: z.string(),
    }),
  ),
}).openapi("AgentDetail");
export type AgentDetail = z.infer<typeof AgentDetail>;
export const AgentList = z.object({ agents: z.array(Agent) }).openapi("AgentList");
export type AgentList = z.infer<typeof AgentList>;

export const NewAgent = z
  .object({
    name: z.string().min(1).max(200),
    /** What it can do; it gets tasks whose `params.capabilities` are all among them. */
    capabilities: Capabilities.default([]),
  })
  .strict()
  .openapi("NewAgent");
export type NewAgent = z.infer<typeof NewAgent>;

export const RegisteredAgent = z
  .object({
    id: z.string(),
    name: z.string(),
    capabilities: z.array(z.string()),
    /** Shown this once. */
    token: z.string(),
  })
  .openapi("RegisteredAgent");
export type RegisteredAgent = z.infer<typeof RegisteredAgent>;

export const NewJoinToken = z
  .object({
    /** The most an agent that joins with it may claim; anything without it. */
    capabilities: Capabilities.optional(),
    /** How many agents may join with it. */
    uses: z.number().int().min(1).max(100_000).default(1),
    expiresInSeconds: z.number().int().min(1).max(31_536_000).default(86_400),
  })
  .strict()
  .openapi("NewJoinToken");
export type NewJoinToken = z.infer<typeof NewJoinToken>;

export const JoinToken = z
  .object({
    /** Shown this once. */
    token: z.string(),
    expiresAt: z.string(),
    uses: z.number().int(),
  })
  .openapi("JoinToken");
export type JoinToken = z.infer<typeof JoinToken>;

export const RevokeAnswer = z
  .object({
    id: z.string(),
    /** False when it was revoked before. */
    changed: z.boolean(),
  })
  .openapi("RevokeAnswer");
export type RevokeAnswer = z.infer<typeof RevokeAnswer>;

export const AuditQuery = z.object({
  agentId: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
export const AuditList = z
  .object({
    entries: z.array(
      z.object({
        at: z.string(),
        /** `agent ID` or `join token ID`. */
        principal: z.string(),
        action: z.string(),
        status: z.number().int(),
        reason: z.string(),
        times: z.number().int(),
      }),
    ),
  })
  .openapi("AuditList");
export type AuditList = z.infer<typeof AuditList>;
