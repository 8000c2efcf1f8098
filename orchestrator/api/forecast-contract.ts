/** What a plan will take. */
import { z } from "@hono/zod-openapi";

/** What finished tasks took, by kind: the 10th, 50th and 90th percentile. */
export const HistoryAnswer = z
  .record(
    z.string(),
    z.object({
      runs: z.number().int(),
      minutes: z.tuple([z.number(), z.number(), z.number()]),
      usd: z.tuple([z.number(), z.number(), z.number()]).optional(),
    }),
  )
  .openapi("History");

const Range = z.object({ min: z.number(), likely: z.number(), max: z.number() }).openapi("Range");

export const Forecast = z
  .object({
    tasks: z.object({ open: z.number().int(), automatic: z.number().int(), human: z.number().int() }),
    /** From start to end, with this orchestrator's concurrency. */
    minutes: Range,
    /** The longest chain; its tasks decide how long it takes. */
    criticalPath: z.object({ ids: z.array(z.string()), minutes: z.number() }),
    usd: Range,
    /** What a person would need, where the plan says so. */
    manualMinutes: z.number(),
    /** How many of the estimates are written in the plan, come from history, or are only usual values. */
    basis: z.object({ written: z.number().int(), history: z.number().int(), usual: z.number().int() }),
  })
  .openapi("Forecast");
