/** What the API says about letting go of what ended long ago. */
import { z } from "@hono/zod-openapi";

export const PruneRequest = z
  .object({ dryRun: z.boolean().default(true) })
  .strict()
  .openapi("PruneRequest");
export type PruneRequest = z.input<typeof PruneRequest>;

export const PruneAnswer = z
  .object({
    dryRun: z.boolean(),
    /** Ended executions that lose their log. */
    executions: z.number().int(),
    events: z.number().int(),
    /** Folders with logs and artifacts, on the node that answers. */
    folders: z.number().int(),
    bytes: z.number().int(),
  })
  .openapi("PruneAnswer");
export type PruneAnswer = z.infer<typeof PruneAnswer>;
