/** What the API says about schedules. */
import { z } from "@hono/zod-openapi";
import { HandoffEachRequest } from "./handoff-each-contract.ts";

export const ScheduleRequest = z
  .object({
    name: z
      .string()
      .max(100)
      .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, "letters, digits, dots, dashes and underscores, and a letter or digit first"),
    /** Five fields, or six with seconds first, or @daily and the like. */
    cron: z.string().min(1).max(200),
    /** IANA name. */
    timeZone: z.string().max(100).default("UTC"),
    /** What happens at a tick while an execution of an earlier one has not ended. */
    overlap: z.enum(["skip", "allow"]).default("skip"),
    /** What is handed off at each tick; a plan file is read anew each time. */
    handoff: HandoffEachRequest,
  })
  .strict()
  .refine(({ handoff }) => handoff.options.idempotencyKey === undefined, {
    message: "handoff.options.idempotencyKey: a schedule gives each tick a key of its own; leave it out",
  })
  .openapi("ScheduleRequest");
export type ScheduleRequest = z.infer<typeof ScheduleRequest>;
export type ScheduleInput = z.input<typeof ScheduleRequest>;

export const Schedule = z
  .object({
    scheduleId: z.string(),
    name: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    overlap: z.enum(["skip", "allow"]),
    status: z.enum(["active", "paused"]),
    /** Null while it is paused. */
    nextAt: z.string().nullable(),
    createdAt: z.string(),
    /** The newest first. */
    runs: z.array(
      z.object({
        tick: z.string(),
        outcome: z.enum(["started", "skipped", "failed"]),
        executions: z.array(z.string()),
        /** Earlier ticks, missed while no orchestrator ran, that this one stands for. */
        missed: z.number().int(),
        message: z.string().nullable(),
        at: z.string(),
      }),
    ),
  })
  .openapi("Schedule");
export type Schedule = z.infer<typeof Schedule>;

export const ScheduleList = z.object({ schedules: z.array(Schedule) }).openapi("ScheduleList");
export type ScheduleList = z.infer<typeof ScheduleList>;

export const ScheduleUpdate = z
  .object({ status: z.enum(["active", "paused"]) })
  .strict()
  .openapi("ScheduleUpdate");
export type ScheduleUpdate = z.infer<typeof ScheduleUpdate>;
