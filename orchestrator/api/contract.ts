/**
 * What goes over the wire: requests and answers of the HTTP API as zod schemas. The API validates with them, the OpenAPI document is made
 * from them and the typed client (and so mcp, cli and dashboard) takes its types from here. Times are ISO 8601 in UTC, durations seconds
 * unless the name says otherwise, money US dollars.
 */
import { z } from "@hono/zod-openapi";
import { ParseReport, Plan } from "../../plan/model.ts";
import { eventTypes } from "../domain/event.ts";
import { executionStatuses } from "../domain/execution.ts";
import { taskStatuses } from "../domain/task.ts";
import { Forecast } from "./forecast-contract.ts";
import { Recommendation } from "./learning-contract.ts";
import { TestResult } from "./test-result-contract.ts";
import { WorktreeOptions } from "./workspace-contract.ts";

export const ExecutionStatus = z.enum(executionStatuses);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;
const TaskStatus = z.enum(taskStatuses);

/** Who is told: a channel, or one kind of event on a channel. */
const wish = /^((task|execution|approval|phase|health)\.[a-z_]+\.)?(voice|push|discord|slack|email|webhook)$/;

const HandoffOptions = z
  .object({
    priority: z.enum(["low", "normal", "high"]).default("normal"),
    approvalMode: z.enum(["auto", "checkpoints", "final"]).default("auto"),
    /** A channel for all events of this plan, `{"voice": false}`, or for one kind of them, `{"task.completed.push": true}`. */
    notifications: z
      .record(z.string(), z.boolean())
      .refine((wishes) => Object.keys(wishes).every((name) => wish.test(name)), {
        error: "name a channel (voice, push, discord, slack, email, webhook), or an event and a channel: task.completed.push",
      })
      .optional(),
    retry: z
      .object({ maxAttempts: z.number().int().min(1).max(100), backoffMultiplier: z.number().min(1) })
      .partial()
      .optional(),
    budget: z
      .object({ usd: z.number().positive(), tokens: z.number().int().positive(), wallSeconds: z.number().positive() })
      .partial()
      .optional(),
    /** What the result is worth to the person who hands it off, in US dollars. */
    valueUsd: z.number().positive().optional(),
    /** Folder the tasks run in; absolute. */
    workspace: z.string().max(4096).optional(),
    webhookUrl: z.url({ protocol: /^https?$/ }).optional(),
    /** Most tasks of this execution that run at once. */
    concurrency: z.number().int().min(1).max(1000).optional(),
    worktrees: WorktreeOptions.optional(),
    /** Handing off again with the same key returns the first execution. */
    idempotencyKey: z.string().min(1).max(200).optional(),
    /** Override of the recognised plan format. */
    format: z.string().optional(),
    /** Values of a template's parameters. */
    parameters: z.record(z.string(), z.string().max(10_000)).optional(),
    /** Says that dependencies on things outside the plan were looked at. */
    confirmExternal: z.boolean().default(false),
  })
  .strict();

export const HandoffRequest = z
  .object({
    /** A task list as JSON (any shape that `longhaul plan` reads). */
    plan: z.record(z.string(), z.unknown()).optional(),
    /** The plan as text: markdown, YAML, JSON. */
    text: z.string().optional(),
    /** A plan file or folder on the orchestrator's machine; absolute. */
    path: z.string().max(4096).optional(),
    conversationId: z.string().max(200).optional(),
    title: z.string().max(500).optional(),
    options: HandoffOptions.prefault({}),
  })
  .strict()
  .refine((body) => [body.plan, body.text, body.path].filter((given) => given !== undefined).length === 1, {
    message: "give exactly one of plan, text or path",
  })
  .openapi("HandoffRequest");
export type HandoffRequest = z.infer<typeof HandoffRequest>;
export type HandoffInput = z.input<typeof HandoffRequest>;

export const HandoffResponse = z
  .object({
    executionId: z.string(),
    planId: z.string(),
    title: z.string(),
    status: ExecutionStatus,
    tasks: z.number().int(),
    /** Minutes. */
    estimatedDuration: z.number().nullable(),
    webhookUrl: z.string().nullable(),
    streamUrl: z.string(),
    statusUrl: z.string(),
    warnings: z.array(z.string()),
    forecast: Forecast,
    /** False when the idempotency key was known and the first execution is returned. */
    created: z.boolean(),
  })
  .openapi("HandoffResponse");
export type HandoffResponse = z.infer<typeof HandoffResponse>;

export const TaskBrief = z
  .object({
    id: z.string(),
    title: z.string(),
    status: TaskStatus,
    kind: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    durationSeconds: z.number().nullable(),
    message: z.string().nullable(),
  })
  .openapi("TaskBrief");
export type TaskBrief = z.infer<typeof TaskBrief>;

const Blocker = z
  .object({
    taskId: z.string().nullable(),
    title: z.string(),
    reason: z.string(),
    since: z.string().nullable(),
  })
  .openapi("Blocker");

export const ExecutionStatusResponse = z
  .object({
    executionId: z.string(),
    title: z.string(),
    status: ExecutionStatus,
    /** Why it is paused, blocked or failed, in one line. */
    reason: z.string().nullable(),
    progress: z.object({ current: z.number().int(), total: z.number().int(), percentage: z.number() }),
    currentTask: z.object({ id: z.string(), title: z.string(), startedAt: z.string() }).nullable(),
    runningTasks: z.array(TaskBrief),
    completedTasks: z.array(TaskBrief),
    failedTasks: z.array(TaskBrief),
    blockers: z.array(Blocker),
    /** When it is expected to end. */
    eta: z.string().nullable(),
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    lastSeq: z.number().int(),
    costUsd: z.number(),
    tokens: z.number(),
  })
  .openapi("ExecutionStatusResponse");
export type ExecutionStatusResponse = z.infer<typeof ExecutionStatusResponse>;

/** What the orchestrator itself ran to check a task, and how it ended. */
export const Evidence = z
  .object({
    criterion: z.string(),
    argv: z.array(z.string()),
    cwd: z.string(),
    exitCode: z.number().nullable(),
    durationMs: z.number(),
    /** What was checked out, and the hash of the whole tree with untracked files; null outside a git repository. */
    commit: z.string().nullable().default(null),
    tree: z.string().nullable().default(null),
    logDigest: z.string(),
    logFile: z.string(),
    /** How the run ended, in words. */
    result: z.string().default(""),
    /** What the test runner said, where one was recognised. */
    tests: TestResult.optional(),
    /** The criterion says what must not be so: the command has to fail. */
    anti: z.boolean().default(false),
    passed: z.boolean(),
  })
  .openapi("Evidence");
export type Evidence = z.infer<typeof Evidence>;

export const TaskDetail = TaskBrief.extend({
  displayId: z.string(),
  phase: z.string().nullable(),
  parent: z.string().nullable(),
  dependencies: z.array(z.string()),
  attempt: z.number().int(),
  summary: z.string().nullable(),
  exitCode: z.number().nullable(),
  failureClass: z.string().nullable(),
  evidence: z.array(Evidence),
  costUsd: z.number().nullable(),
  tokens: z.number().nullable(),
  sessionId: z.string().nullable(),
  /** Where the output of the latest attempt lies on the orchestrator's machine. */
  logFile: z.string().nullable(),
  isolation: z.string().nullable(),
  sourceLine: z.number().int().nullable(),
}).openapi("TaskDetail");
export type TaskDetail = z.infer<typeof TaskDetail>;

export const ExecutionDetail = ExecutionStatusResponse.extend({
  planId: z.string(),
  conversationId: z.string(),
  source: z.string(),
  workspace: z.string(),
  priority: z.enum(["low", "normal", "high"]),
  phases: z.array(z.object({ id: z.string(), title: z.string(), total: z.number().int(), done: z.number().int() })),
  tasks: z.array(TaskDetail),
}).openapi("ExecutionDetail");
export type ExecutionDetail = z.infer<typeof ExecutionDetail>;

export const ExecutionList = z
  .object({
    executions: z.array(
      ExecutionStatusResponse.pick({
        executionId: true,
        title: true,
        status: true,
        reason: true,
        progress: true,
        createdAt: true,
        startedAt: true,
        finishedAt: true,
      }).extend({ conversationId: z.string(), workspace: z.string() }),
    ),
    /** Give it as `cursor` to read on; null at the end. */
    nextCursor: z.string().nullable(),
  })
  .openapi("ExecutionList");
export type ExecutionList = z.infer<typeof ExecutionList>;

export const ListQuery = z.object({
  status: ExecutionStatus.optional(),
  conversationId: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().optional(),
});
export type ListQuery = z.infer<typeof ListQuery>;

export const Event = z
  .object({
    executionId: z.string(),
    seq: z.number().int(),
    type: z.enum(eventTypes),
    taskId: z.string().nullable(),
    attempt: z.number().int().nullable(),
    at: z.string(),
    data: z.record(z.string(), z.unknown()),
  })
  .openapi("Event");
export type Event = z.infer<typeof Event>;

export const EventQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).openapi({ type: "integer", minimum: 0, default: 0 }),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  taskId: z.string().optional(),
});
export type EventQuery = z.infer<typeof EventQuery>;
export const EventPage = z.object({ events: z.array(Event), lastSeq: z.number().int() }).openapi("EventPage");
export type EventPage = z.infer<typeof EventPage>;

/** The last message of a stream: nothing more will happen unless someone retries. */
export const StreamEnd = z.object({ executionId: z.string(), status: ExecutionStatus, lastSeq: z.number().int() });
export type StreamEnd = z.infer<typeof StreamEnd>;

export const ControlRequest = z
  .object({
    action: z.enum(["pause", "resume", "cancel", "retry", "skip"]),
    taskId: z.string().optional(),
    /** With retry: run this task and everything that hangs on it again, whatever became of it. */
    fromTask: z.string().optional(),
    reason: z.string().max(1000).optional(),
  })
  .strict()
  .openapi("ControlRequest");
export type ControlRequest = z.infer<typeof ControlRequest>;
export const ControlResponse = z
  .object({
    executionId: z.string(),
    status: ExecutionStatus,
    /** False when the execution was in that state already. */
    changed: z.boolean(),
    affectedTasks: z.array(z.string()),
  })
  .openapi("ControlResponse");
export type ControlResponse = z.infer<typeof ControlResponse>;

/** A change of an execution's state, said as the state wanted. */
export const UpdateRequest = z
  .object({ status: z.enum(["paused", "running", "cancelled"]), reason: z.string().max(1000).optional() })
  .strict()
  .openapi("UpdateRequest");
export type UpdateRequest = z.infer<typeof UpdateRequest>;

export const PreviewRequest = z
  .object({
    plan: z.record(z.string(), z.unknown()).optional(),
    text: z.string().optional(),
    path: z.string().max(4096).optional(),
    format: z.string().optional(),
    parameters: z.record(z.string(), z.string().max(10_000)).optional(),
  })
  .strict()
  .refine((body) => [body.plan, body.text, body.path].filter((given) => given !== undefined).length === 1, {
    message: "give exactly one of plan, text or path",
  })
  .openapi("PreviewRequest");
export type PreviewRequest = z.infer<typeof PreviewRequest>;
export const PreviewResponse = z
  .object({
    plan: Plan,
    report: ParseReport,
    waves: z.array(z.array(z.string())),
    criticalPath: z.object({ ids: z.array(z.string()), minutes: z.number() }),
    forecast: Forecast,
    /** Past tasks that are like those of the plan. */
    similar: z.array(Recommendation),
    warnings: z.array(z.string()),
  })
  .openapi("PreviewResponse");
export type PreviewResponse = z.infer<typeof PreviewResponse>;

/** What anyone on this machine may know: that an orchestrator is there. */
export const Liveness = z
  .object({ service: z.literal("longhaul"), status: z.literal("ok"), live: z.literal(true) })
  .openapi("Liveness");
export type Liveness = z.infer<typeof Liveness>;

export const Health = z
  .object({
    status: z.enum(["ok", "degraded", "down"]),
    live: z.boolean(),
    ready: z.boolean(),
    version: z.string(),
    nodeId: z.string(),
    uptimeSeconds: z.number(),
    dependencies: z.record(
      z.string(),
      z.object({
        status: z.enum(["up", "degraded", "down", "unknown", "off"]),
        detail: z.string().optional(),
        latencyMs: z.number().optional(),
      }),
    ),
  })
  .openapi("Health");
export type Health = z.infer<typeof Health>;

export const Capabilities = z
  .object({
    version: z.string(),
    executors: z.array(z.object({ kind: z.string(), available: z.boolean(), detail: z.string() })),
    /** What no executor does, whatever a plan says: a person does it or its last step, or it is refused. */
    notAutomated: z.array(
      z.object({ rule: z.string(), level: z.enum(["SEMI_AUTO", "HUMAN_ONLY", "REFUSED"]), reason: z.string() }),
    ),
    channels: z.array(z.string()),
    isolation: z.object({
      level: z.string(),
      files: z.string(),
      network: z.string(),
      memory: z.string(),
      treeKill: z.string(),
      why: z.string(),
      levels: z.array(z.object({ level: z.string(), available: z.boolean(), why: z.string(), needs: z.string().optional() })),
    }),
    planFormats: z.array(z.string()),
    limits: z.object({
      concurrency: z.number(),
      perKind: z.record(z.string(), z.number()),
      maxPlanBytes: z.number(),
      maxTasks: z.number(),
    }),
    database: z.object({ version: z.string(), embedded: z.boolean() }),
  })
  .openapi("Capabilities");
export type Capabilities = z.infer<typeof Capabilities>;

/** RFC 9457 problem details; `correlationId` is also in every log line of the request. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    correlationId: z.string(),
    code: z.string(),
    hint: z.string().optional(),
    errors: z.array(z.record(z.string(), z.unknown())).optional(),
  })
  .openapi("Problem");
export type Problem = z.infer<typeof Problem>;
