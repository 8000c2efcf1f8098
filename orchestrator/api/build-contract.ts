/** Builds: from one sentence to a running service. In the words of the documents that these routes come from. */
import { z } from "@hono/zod-openapi";
import { ApprovalDecision } from "./approval-contract.ts";
import { ExecutionStatusResponse } from "./contract.ts";

const text = z.string().min(1).max(2000);

export const BuildRequest = z
  .object({
    /** What is to be built, in a sentence. */
    intent: z.string().trim().min(3).max(2000),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "lower-case letters, digits, dots, dashes and underscores, at most 63")
      .optional(),
    /** `checkpoints` asks after the specification and before deployment, `final` only before deployment. */
    approval_mode: z.enum(["auto", "checkpoints", "final"]).default("checkpoints"),
    /** Folder it is made in; absolute. A new one without it. */
    workspace: z.string().max(4096).optional(),
    /** Command that runs the tests. */
    test: text.optional(),
    /** Command that starts the service on the port of the variable PORT. */
    start: text.optional(),
    /** How often the code may be corrected until its tests pass. */
    max_iterations: z.number().int().min(0).max(10).optional(),
    /** Whether it may ask a person when the intent is ambiguous; not by default with `auto`. */
    ask: z.boolean().optional(),
    github: z
      .object({ name: z.string().min(1).max(100) })
      .strict()
      .optional(),
    deploy: z
      .object({
        host: text,
        port: z.number().int().min(1).max(65_535).optional(),
        user: text.optional(),
        host_key: text.optional(),
        /** Name of the secret that holds the private key. */
        key: text.optional(),
        folder: text,
        image: text.optional(),
        /** Command that starts it there. */
        start: text.optional(),
        /** Address that says whether it is well; when it is not, the last release that was runs again. */
        health_url: text,
        health_seconds: z.number().int().min(1).max(3600).optional(),
      })
      .strict()
      .optional(),
    /** Told by POST when it is deployed. */
    registry_url: text.optional(),
    budget: z
      .object({ usd: z.number().positive(), tokens: z.number().int().positive(), wallSeconds: z.number().positive() })
      .partial()
      .optional(),
    value_usd: z.number().positive().optional(),
    idempotency_key: z.string().min(1).max(200).optional(),
    conversation_id: z.string().max(200).optional(),
  })
  .strict()
  .openapi("BuildRequest");
export type BuildRequest = z.infer<typeof BuildRequest>;
export type BuildInput = z.input<typeof BuildRequest>;

export const BuildStarted = z
  .object({
    build_id: z.string(),
    executionId: z.string(),
    title: z.string(),
    status: z.string(),
    status_url: z.string(),
    stream_url: z.string(),
    warnings: z.array(z.string()),
    /** False when the idempotency key was known. */
    created: z.boolean(),
  })
  .openapi("BuildStarted");
export type BuildStarted = z.infer<typeof BuildStarted>;

const Step = z.object({
  step: z.number().int(),
  name: z.string(),
  status: z.enum(["completed", "skipped", "failed"]),
  duration_seconds: z.number().nullable(),
});

export const BuildStatus = ExecutionStatusResponse.extend({
  build_id: z.string(),
  /** From 1; null when no step is left, or this is no build. */
  current_step: z.number().int().nullable(),
  current_step_name: z.string().nullable(),
  total_steps: z.number().int(),
  steps_completed: z.array(Step),
  current_step_details: z.object({
    /** Corrections that failing checks made necessary. */
    ai_iterations: z.number().int(),
    /** Different files that sessions wrote. */
    files_created: z.number().int(),
    /** Of the last run of the tests; null where their runner does not say. */
    tests_passing: z.number().int().nullable(),
    tests_failing: z.number().int().nullable(),
  }),
}).openapi("BuildStatus");
export type BuildStatus = z.infer<typeof BuildStatus>;

/** A step by its number or its name. */
export const BuildRetryRequest = z
  .object({ from_step: z.union([z.number().int().min(1).max(8), z.string().min(1).max(50)]) })
  .strict()
  .openapi("BuildRetryRequest");
export type BuildRetryRequest = z.infer<typeof BuildRetryRequest>;

export const BuildApproval = ApprovalDecision.extend({
  decision: z.enum(["approve", "reject"]).default("approve"),
  /** Of what was shown (GET /api/approvals?executionId=…): it binds the decision to exactly that. */
  digest: z.string().length(64),
}).openapi("BuildApproval");
export type BuildApproval = z.infer<typeof BuildApproval>;
