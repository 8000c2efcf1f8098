/** Figures of executions, ratings, and how they go from day to day. */
import { z } from "@hono/zod-openapi";

export const RatingRequest = z
  .object({
    rating: z.number().int().min(1).max(10),
    /** Of one task; without it of the whole execution. */
    taskId: z.string().min(1).max(200).optional(),
    note: z.string().max(2000).optional(),
  })
  .strict()
  .openapi("RatingRequest");
export type RatingRequest = z.infer<typeof RatingRequest>;

export const MetricsAnswer = z
  .object({
    executionId: z.string(),
    metrics: z.array(
      z.object({
        /** Null for figures of the whole execution. */
        taskId: z.string().nullable(),
        metric: z.string(),
        value: z.number(),
        recordedAt: z.string(),
      }),
    ),
  })
  .openapi("ExecutionMetrics");
export type MetricsAnswer = z.infer<typeof MetricsAnswer>;

export const TrendsQuery = z.object({
  metric: z.string().max(100).optional(),
  /** How far back, today included. */
  days: z.coerce.number().int().min(1).max(3650).default(30),
});

export const TrendsAnswer = z
  .object({
    trends: z.array(
      z.object({
        /** In UTC, e.g. 2026-11-21. */
        day: z.string(),
        metric: z.string(),
        samples: z.number().int(),
        mean: z.number(),
        median: z.number(),
        minimum: z.number(),
        maximum: z.number(),
      }),
    ),
  })
  .openapi("Trends");
export type TrendsAnswer = z.infer<typeof TrendsAnswer>;
