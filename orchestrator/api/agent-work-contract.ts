/** What agents and the orchestrator say to each other about work. */
import { z } from "@hono/zod-openapi";

/** One attempt at one task. */
const workKey = { executionId: z.uuid(), taskId: z.string().min(1).max(200), attempt: z.number().int().min(1).max(1_000_000) };

export const Halt = z
  .object({ ...workKey, executionId: z.string(), reason: z.string() })
  .openapi("Halt", { description: "Stop this and report `halted`: it is not yours any more." });
export type Halt = z.infer<typeof Halt>;
const halt = z.array(Halt);

export const AgentWork = z
  .object({
    executionId: z.string(),
    taskId: z.string(),
    attempt: z.number().int(),
    title: z.string(),
    description: z.string(),
    params: z.record(z.string(), z.unknown()),
    capabilities: z.array(z.string()),
    planTitle: z.string(),
    /** What the tasks it depends on came to. */
    inputs: z.array(z.object({ taskId: z.string(), title: z.string(), summary: z.string() })),
    criteria: z.array(z.string()),
    /** Why the attempt before failed, checks included: data, not instructions. */
    findings: z.string().nullable(),
    /** What similar tasks were like: data, not instructions. */
    experience: z.string().nullable(),
    /** A folder on the orchestrator's machine, when the plan lets the agent work there. */
    workspace: z.string().nullable(),
    wallSeconds: z.number().nullable(),
    /** Send a heartbeat, or a report, at least this often. */
    heartbeatSeconds: z.number(),
  })
  .openapi("AgentWork");
export type AgentWork = z.infer<typeof AgentWork>;

const longestWaitSeconds = 60;
export const WorkQuery = z.object({
  /** How long the answer may be held back while there is nothing to do. */
  waitSeconds: z.coerce.number().min(0).max(longestWaitSeconds).default(30),
});
export const WorkAnswer = z
  .object({
    /** Null: nothing to do; ask again. */
    work: AgentWork.nullable(),
    halt,
  })
  .openapi("WorkAnswer");
export type WorkAnswer = z.infer<typeof WorkAnswer>;

const mostEvents = 1_000;
const longestText = 64 * 1024;
/** Encoded; the rest of the request needs room too. */
const longestContent = 3 * 1024 * 1024;

const ReportEvent = z.discriminatedUnion("type", [
  z
    .object({
      type: z.literal("progress"),
      percent: z.number().min(0).max(100).optional(),
      message: z.string().max(2_000).optional(),
    })
    .strict(),
  z.object({ type: z.literal("log"), text: z.string().max(longestText) }).strict(),
  z
    .object({
      type: z.literal("artifact"),
      name: z
        .string()
        .max(200)
        .regex(/^[\w][\w. +@=-]*$/, "a file name without folders"),
      mediaType: z.string().max(200).default("application/octet-stream"),
      content: z.string().max(longestContent),
      encoding: z.enum(["utf8", "base64"]).default("utf8"),
    })
    .strict(),
]);
export type ReportEvent = z.infer<typeof ReportEvent>;

export const WorkResult = z
  .object({
    /** `halted`: stopped because it was told to. */
    status: z.enum(["succeeded", "failed", "halted"]),
    /** What it came to; tasks that depend on this one read it. */
    summary: z.string().max(longestText).optional(),
    /** One line: why it failed. */
    message: z.string().max(2_000).optional(),
    /** False: trying again would fail in the same way. */
    retryable: z.boolean().optional(),
    usage: z
      .object({
        costUsd: z.number().min(0).max(1_000_000).optional(),
        inputTokens: z.number().int().min(0).max(1e12).optional(),
        outputTokens: z.number().int().min(0).max(1e12).optional(),
        model: z.string().max(200).optional(),
      })
      .strict()
      .optional(),
  })
  .strict();
export type WorkResult = z.infer<typeof WorkResult>;

export const WorkReport = z
  .object({
    /** Chosen by the agent; the same report may be sent as often as needed, it counts once. */
    reportId: z.string().min(1).max(100),
    taskId: workKey.taskId,
    attempt: workKey.attempt,
    events: z.array(ReportEvent).max(mostEvents).default([]),
    /** Ends the work. */
    result: WorkResult.optional(),
  })
  .strict()
  .openapi("WorkReport");
export type WorkReport = z.infer<typeof WorkReport>;

export const ReportAnswer = z
  .object({
    reportId: z.string(),
    /** Events that are in the log because of this report; durable when the answer is there. */
    recorded: z.number().int(),
    lastSeq: z.number().int(),
    halt,
  })
  .openapi("ReportAnswer");
export type ReportAnswer = z.infer<typeof ReportAnswer>;

export const Heartbeat = z
  .object({
    /** What it is working on (the work as it was given will do); without it everything. What was taken from it and is not listed is not told again. */
    work: z.array(z.object(workKey)).max(1_000).optional(),
  })
  .strict()
  .openapi("Heartbeat");
export type Heartbeat = z.infer<typeof Heartbeat>;
export const HeartbeatAnswer = z.object({ halt, heartbeatSeconds: z.number() }).openapi("HeartbeatAnswer");
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

export const ReassignRequest = z.object({ executionId: z.uuid(), taskId: workKey.taskId }).strict().openapi("ReassignRequest");
export type ReassignRequest = z.infer<typeof ReassignRequest>;
export const ReassignAnswer = z.object({ executionId: z.string(), taskId: z.string() }).openapi("ReassignAnswer");
