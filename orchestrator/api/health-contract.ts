/** Readiness for probes, and the health alerts that stand. */
import { z } from "@hono/zod-openapi";

export const Readiness = z
  .object({ service: z.literal("longhaul"), live: z.literal(true), ready: z.boolean() })
  .openapi("Readiness");
export type Readiness = z.infer<typeof Readiness>;

export const AlertList = z
  .object({
    alerts: z.array(
      z.object({
        executionId: z.string(),
        /** Null where it is about the execution as a whole, such as a full disk. */
        taskId: z.string().nullable(),
        metric: z.string(),
        level: z.enum(["warning", "critical"]),
        message: z.string(),
        since: z.string(),
      }),
    ),
  })
  .openapi("AlertList");
export type AlertList = z.infer<typeof AlertList>;
