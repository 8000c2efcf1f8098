/** What the API says about things that only a person can do, and how a person answers. */
import { z } from "@hono/zod-openapi";

/** Something only a person can do; `id` is what `complete` takes. */
export const Action = z
  .object({
    id: z.string(),
    executionId: z.string(),
    executionTitle: z.string(),
    taskId: z.string(),
    title: z.string(),
    what: z.string(),
    why: z.string(),
    how: z.string(),
    waitsFor: z.enum(["human", "approval", "external"]),
    urgency: z.enum(["high", "normal", "low"]),
    urgencyReason: z.string(),
    /** How long it takes a person, as far as the plan says. */
    minutes: z.object({ least: z.number(), most: z.number() }).nullable(),
    /** What was prepared for it: files of the task itself and of those it depends on, on the node that made them. */
    material: z.array(
      z.object({ taskId: z.string(), name: z.string(), mediaType: z.string(), bytes: z.number(), location: z.string() }),
    ),
    /** What does not merge, where that is the question; at most 16,000 characters. */
    diff: z.string().nullable(),
    since: z.string(),
    /** Tasks that cannot start before it, directly or through others. */
    unblocks: z.number().int(),
  })
  .openapi("Action");
export type Action = z.infer<typeof Action>;
export const ActionList = z.object({ actions: z.array(Action) }).openapi("ActionList");
export type ActionList = z.infer<typeof ActionList>;
export const CompleteActionRequest = z
  .object({
    outcome: z.enum(["done", "failed", "skipped"]).default("done"),
    note: z.string().max(10_000).optional(),
    /** How long a person worked on it. */
    minutes: z.number().nonnegative().max(100_000).optional(),
  })
  .strict()
  .openapi("CompleteActionRequest");
export type CompleteActionRequest = z.infer<typeof CompleteActionRequest>;
export type CompleteActionInput = z.input<typeof CompleteActionRequest>;
