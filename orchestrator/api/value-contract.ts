/** What the API says about the value of executions. */
import { z } from "@hono/zod-openapi";

const TaskCounts = z.object({
  total: z.number().int(),
  completed: z.number().int(),
  pending: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int(),
  cancelled: z.number().int(),
});

const ValueBlocker = z
  .object({
    executionId: z.string(),
    title: z.string(),
    /** Null when the whole execution was paused. */
    taskId: z.string().nullable(),
    taskTitle: z.string().nullable(),
    waitsFor: z.enum(["human", "approval", "external", "paused"]),
    reason: z.string().nullable(),
    since: z.string(),
    /** Null while it still waits. */
    until: z.string().nullable(),
    seconds: z.number(),
  })
  .openapi("ValueBlocker");

export const ValueReport = z
  .object({
    executions: z.number().int(),
    /** Executions whose event log was let go of: they are left out of automation, time saved and waits. */
    unrecorded: z.number().int(),
    tasks: TaskCounts,
    /** Of the completed tasks, those in which no person had a hand; null when none is completed. */
    automation: z.object({ percentage: z.number(), withoutHuman: z.number().int(), completed: z.number().int() }).nullable(),
    /** What a person would have needed, less what people worked; for `tasks` of the `completed` ones. Null: unknown. */
    timeSaved: z
      .object({ minMinutes: z.number(), maxMinutes: z.number(), tasks: z.number().int(), completed: z.number().int() })
      .nullable(),
    /** `usd` is at least this where there are tasks of unknown cost. */
    cost: z.object({ usd: z.number(), tokens: z.number(), tasksOfUnknownCost: z.number().int() }),
    /** Of the completed executions of which a worth was given; `roi` is (worth − cost) ÷ cost, null where the cost is none or unknown. */
    worth: z.object({ usd: z.number(), costUsd: z.number(), roi: z.number().nullable() }).nullable(),
    waitedSeconds: z.object({ human: z.number(), approval: z.number(), external: z.number(), paused: z.number() }),
    /** Of one execution everything it waited for; of all, what waits now. The longest first. */
    blockers: z.array(ValueBlocker),
  })
  .openapi("ValueReport");
export type ValueReport = z.infer<typeof ValueReport>;

export const ValueQuery = z.object({
  /** Only executions handed off since then. */
  since: z.iso.datetime({ offset: true }).optional(),
});
