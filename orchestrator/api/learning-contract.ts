/** What the API says about past tasks and what was learned from them. */
import { z } from "@hono/zod-openapi";

export const RecommendationQuery = z
  .object({
    q: z.string().min(1).max(4000).optional().openapi({ description: "What is to be done, in plain words" }),
    executionId: z.uuid().optional().openapi({ description: "Instead of q: the open tasks of this execution" }),
    project: z.string().max(500).optional().openapi({ description: "Name of the project's folder; its own past counts more" }),
    limit: z.coerce.number().int().min(1).max(20).default(3),
  })
  .refine(({ q, executionId }) => (q === undefined) !== (executionId === undefined), {
    message: "give either q or executionId",
    path: ["q"],
  });
export type RecommendationQuery = z.infer<typeof RecommendationQuery>;

export const Recommendation = z
  .object({
    similarity: z.number().min(0).max(1),
    title: z.string(),
    outcome: z.enum(["success", "failure", "unverified"]),
    times: z.number().int(),
    durationSeconds: z.number(),
    attempts: z.number().int(),
    costUsd: z.number().nullable(),
    commands: z.array(z.string()),
    errors: z.array(z.string()),
    warnings: z.array(z.string()),
    fileOperations: z.array(z.string()),
    apiCalls: z.array(z.string()),
    fixes: z.array(z.object({ error: z.string(), steps: z.array(z.string()) })),
    evidence: z.array(z.string()),
    project: z.string(),
    executionId: z.string(),
    taskId: z.string(),
    finishedAt: z.string(),
    reasons: z.array(z.string()),
  })
  .openapi("Recommendation");
export type Recommendation = z.infer<typeof Recommendation>;

export const RecommendationList = z
  .object({
    recommendations: z.array(Recommendation),
    /** Median of the similar tasks that went well; null where there is none. */
    estimatedSeconds: z.number().nullable(),
  })
  .openapi("RecommendationList");
export type RecommendationList = z.infer<typeof RecommendationList>;

const Interval = z.object({ value: z.number(), low: z.number(), high: z.number() }).openapi("Interval");
const Group = z.object({
  tasks: z.number().int(),
  judged: z.number().int(),
  succeeded: z.number().int(),
  medianSeconds: z.number().nullable(),
  medianUsd: z.number().nullable(),
});
export const LearningReport = z
  .object({
    patterns: z.number().int(),
    outcomes: z.record(z.string(), z.number().int()),
    index: z.string(),
    holdout: z.number(),
    lift: z.object({
      told: Group,
      withheld: Group,
      successPoints: Interval.nullable(),
      durationRatio: Interval.nullable(),
      costRatio: Interval.nullable(),
      estimates: z.object({
        tasks: z.number().int(),
        medianErrorPercent: z.number().nullable(),
        withinFactorTwo: z.number().nullable(),
      }),
    }),
  })
  .openapi("LearningReport");
export type LearningReport = z.infer<typeof LearningReport>;
