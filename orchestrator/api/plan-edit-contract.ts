/** Changing the plan of an execution that is under way, and writing its progress back into the plan's file. */
import { z } from "@hono/zod-openapi";

export const PlanEditRequest = z
  .object({
    plan: z.record(z.string(), z.unknown()).optional(),
    text: z.string().optional(),
    /** Without any of the three: the file or folder that was handed off, as it is now. */
    path: z.string().max(4096).optional(),
    format: z.string().optional(),
    /** Values of a template's parameters. */
    parameters: z.record(z.string(), z.string()).optional(),
    /** Shows what would change. */
    dryRun: z.boolean().default(false),
  })
  .strict()
  .refine((body) => [body.plan, body.text, body.path].filter((given) => given !== undefined).length <= 1, {
    message: "give one of plan, text and path, or none",
  })
  .openapi("PlanEditRequest");
export type PlanEditRequest = z.infer<typeof PlanEditRequest>;
export type PlanEditInput = z.input<typeof PlanEditRequest>;

const Brief = z.object({ id: z.string(), title: z.string() });
export const PlanEditAnswer = z
  .object({
    executionId: z.string(),
    applied: z.boolean(),
    added: z.array(Brief),
    removed: z.array(Brief),
    changed: z.array(Brief.extend({ fields: z.array(z.string()) })),
    renamed: z.array(z.object({ before: z.string(), after: z.string() })),
    unchanged: z.number().int(),
    /** Ended, and gone or changed in the new plan: kept as they are. */
    kept: z.array(z.string()),
    /** Under way, and gone or changed in the new plan: they run on as they began. */
    undecided: z.array(z.string()),
    warnings: z.array(z.string()),
  })
  .openapi("PlanEditAnswer");
export type PlanEditAnswer = z.infer<typeof PlanEditAnswer>;

export const WriteBackRequest = z
  .object({ dryRun: z.boolean().default(false) })
  .strict()
  .openapi("WriteBackRequest");
export type WriteBackRequest = z.infer<typeof WriteBackRequest>;
export type WriteBackInput = z.input<typeof WriteBackRequest>;

export const WriteBackAnswer = z
  .object({
    executionId: z.string(),
    written: z.boolean(),
    files: z.array(z.object({ file: z.string(), ticked: z.array(z.string()) })),
    skipped: z.array(z.object({ id: z.string(), why: z.string() })),
  })
  .openapi("WriteBackAnswer");
export type WriteBackAnswer = z.infer<typeof WriteBackAnswer>;
