/** What the API says about checks: evidence, replays, gates. Durations in milliseconds. */
import { z } from "@hono/zod-openapi";
import { Evidence } from "./contract.ts";
import { Finding } from "./test-result-contract.ts";

/** What a second session said about the work; `none` when no verdict could be had, and `reasons` says why. */
export const Review = z.object({ verdict: z.enum(["approve", "reject", "none"]), reasons: z.string() }).openapi("Review");
export type Review = z.infer<typeof Review>;

export const EvidenceAnswer = z
  .object({
    executionId: z.string(),
    taskId: z.string(),
    attempt: z.number().int(),
    evidence: z.array(Evidence),
    /** Changes that make the tests say less than before the task, which neither the plan nor the task's words allow. */
    findings: z.array(Finding),
    review: Review.nullable(),
  })
  .openapi("EvidenceAnswer");
export type EvidenceAnswer = z.infer<typeof EvidenceAnswer>;

export const ReplayAnswer = z
  .object({
    executionId: z.string(),
    taskId: z.string(),
    /** Every check ended with the exit code and the verdict of the evidence. */
    reproduced: z.boolean(),
    /** Every check passes now. */
    passed: z.boolean(),
    checks: z.array(
      z.object({ before: Evidence, now: Evidence, same: z.boolean(), sameTree: z.boolean(), sameLog: z.boolean() }),
    ),
  })
  .openapi("ReplayAnswer");
export type ReplayAnswer = z.infer<typeof ReplayAnswer>;

const GateResult = z
  .object({
    taskId: z.string(),
    attempt: z.number().int(),
    trigger: z.enum(["pre", "mid", "post", "evaluation"]),
    gate: z.string(),
    status: z.enum(["passed", "failed", "warned"]),
    onFail: z.enum(["halt", "warn", "continue"]),
    message: z.string(),
    durationMs: z.number().int(),
    at: z.string(),
  })
  .openapi("GateResult");
export const GatesAnswer = z.object({ executionId: z.string(), gates: z.array(GateResult) }).openapi("GatesAnswer");
export type GatesAnswer = z.infer<typeof GatesAnswer>;
