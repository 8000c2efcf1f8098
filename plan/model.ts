/**
 * The plan model: what every format is read into and what the engine, the executors and the reports work on.
 * Pure data, validated with zod; durations in minutes, context tiers in thousands of tokens, lines counted from 1.
 */
import { z } from "zod";
import { type GateCheckName, gateChecks } from "./gate-checks.ts";
import { IsolationField } from "./isolation.ts";
import { testChanges } from "./test-changes.ts";

export const taskKinds = [
  "claude",
  "shell",
  "http",
  "content",
  "email",
  "data",
  "browser",
  "git",
  "deploy",
  "human",
  "agent",
  "wait",
] as const;
export const TaskKind = z.enum(taskKinds);
export type TaskKind = z.infer<typeof TaskKind>;

/** What the plan itself says about a work item before anything ran. Only `done` and `skipped` satisfy a dependency silently. */
export const PlanStatus = z.enum([
  "pending",
  "in_progress",
  "review",
  "blocked",
  "done",
  "failed",
  "skipped",
  "deferred",
  "cancelled",
  "superseded",
]);
export type PlanStatus = z.infer<typeof PlanStatus>;

/** One place in the source that says something about a status: a checkbox, a table cell, a heading. */
const StatusSource = z.object({ where: z.string(), line: z.number().int().optional(), says: z.string() });

/** Something that can be checked when the work is done; `anti` states what must not be the case. */
export const Criterion = z.object({
  id: z.string(),
  criterion: z.string(),
  anti: z.boolean().default(false),
  test: z.enum(["auto", "manual"]),
  method: z.string().optional(),
  command: z.string().optional(),
  expected: z.string().optional(),
  status: PlanStatus.default("pending"),
  line: z.number().int().optional(),
  result: z.enum(["pass", "fail", "skipped"]).optional(),
  evidence: z.string().optional(),
});
export type Criterion = z.infer<typeof Criterion>;

/** A range in minutes; `raw` is the text as written, `unit` "unknown" when a bare number was given. */
export const Estimate = z.object({
  min: z.number().nonnegative().optional(),
  likely: z.number().nonnegative().optional(),
  max: z.number().nonnegative().optional(),
  unit: z.enum(["minutes", "unknown"]).default("minutes"),
  raw: z.string().optional(),
});
export type Estimate = z.infer<typeof Estimate>;

/**
 * An edge "this task waits for `to`". `explicit` was written, `implied` comes from a rule about order, `file-overlap` from two tasks that
 * write one file, `external` names something outside this plan. `active` is false where the edge is only a preference (weak order).
 */
export const Dependency = z.object({
  to: z.string(),
  kind: z.enum(["explicit", "implied", "file-overlap", "external"]),
  rule: z.string(),
  line: z.number().int().optional(),
  active: z.boolean().default(true),
});
export type Dependency = z.infer<typeof Dependency>;

export const Gate = z.object({
  trigger: z.enum(["pre", "mid", "post", "evaluation"]),
  check: z.enum(Object.keys(gateChecks) as [GateCheckName, ...GateCheckName[]]),
  params: z.record(z.string(), z.unknown()).default({}),
  onFail: z.enum(["halt", "warn", "continue"]).default("halt"),
  /** Besides failing the task: its workspace becomes what it was before it. For `post` gates that halt. */
  action: z.literal("rollback").optional(),
});
export type Gate = z.infer<typeof Gate>;

/** `backoffMs` is the first delay; each further one is multiplied by `backoffMultiplier`, jittered, and capped at `maxBackoffMs`. */
export const RetryPolicy = z.object({
  maxAttempts: z.number().int().min(1).max(100).default(3),
  backoffMs: z.number().int().nonnegative().default(1000),
  backoffMultiplier: z.number().min(1).default(2),
  maxBackoffMs: z.number().int().nonnegative().default(60_000),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

export const Limits = z.object({
  wallSeconds: z.number().positive().optional(),
  cpuSeconds: z.number().positive().optional(),
  memoryMb: z.number().positive().optional(),
  outputMb: z.number().positive().optional(),
  usd: z.number().positive().optional(),
  tokens: z.number().positive().optional(),
});
export type Limits = z.infer<typeof Limits>;

export const Automation = z.enum(["FULL_AUTO", "SEMI_AUTO", "HUMAN_ONLY"]);
export const ContextTier = z.union([z.literal(32), z.literal(64), z.literal(128), z.literal(200)]);

export const Task = z.object({
  /** Unique in the plan. */
  id: z.string().min(1).max(200),
  /** As written in the source; may repeat between groups. */
  displayId: z.string(),
  title: z.string(),
  description: z.string().default(""),
  /** Id of the group this task belongs to. */
  phase: z.string().optional(),
  /** Id of the task this one is a part of. */
  parent: z.string().optional(),
  role: z.enum(["work", "checkpoint-verify", "checkpoint-decision", "checkpoint-action"]).default("work"),
  status: PlanStatus.default("pending"),
  /** Status as written, when it was text. */
  statusRaw: z.string().optional(),
  statusSources: z.array(StatusSource).default([]),
  optional: z.boolean().default(false),
  /** A stand-in: a phase without tasks, a "TBD". */
  placeholder: z.boolean().default(false),
  /** Id of the group, or "archive", or id of the parent, whose status makes this task count as done although its own marker does not. */
  coveredBy: z.string().optional(),
  dependencies: z.array(Dependency).default([]),
  parallel: z.enum(["marked", "unmarked", "n/a"]).default("n/a"),
  wave: z.number().int().optional(),

  kind: TaskKind.default("claude"),
  automation: Automation.default("FULL_AUTO"),
  requiresHuman: z.string().optional(),
  /** How sure the classification is (0–1) and the rule that decided. */
  confidence: z.number().min(0).max(1).default(1),
  classifiedBy: z.string().optional(),
  contextTier: ContextTier.default(64),
  contextTierSource: z.enum(["written", "estimated"]).default("estimated"),
  estimate: Estimate.optional(),
  /** Minutes a person would need. */
  manualEstimate: Estimate.optional(),
  priority: z.enum(["low", "normal", "high"]).default("normal"),
  priorityRaw: z.string().optional(),

  files: z
    .object({
      create: z.array(z.string()).default([]),
      modify: z.array(z.string()).default([]),
      delete: z.array(z.string()).default([]),
      read: z.array(z.string()).default([]),
      test: z.array(z.string()).default([]),
    })
    .prefault({}),
  commands: z
    .array(
      z.object({
        text: z.string(),
        purpose: z.enum(["do", "verify"]),
        expected: z.string().optional(),
        line: z.number().int().optional(),
      }),
    )
    .default([]),
  steps: z
    .array(z.object({ text: z.string(), status: PlanStatus.default("pending"), line: z.number().int().optional() }))
    .default([]),
  /** Parameters of the executor, by kind: `{command}` for shell, `{prompt}` for claude, … */
  params: z.record(z.string(), z.unknown()).default({}),
  verification: z.array(Criterion).default([]),
  /** Changes of tests that this task may make although they say less afterwards. */
  allowTestChanges: z.array(z.enum(testChanges)).default([]),
  gates: z.array(Gate).default([]),
  retry: RetryPolicy.partial().optional(),
  limits: Limits.optional(),
  /** How the task is to be held; the node's default without it. */
  isolation: IsolationField.optional(),
  requirements: z.array(z.string()).default([]),
  story: z.string().optional(),
  labels: z.array(z.string()).default([]),
  assignee: z.string().optional(),
  autonomous: z.boolean().optional(),
  risks: z.array(z.string()).default([]),
  notes: z.string().optional(),
  /** Fields of the source that have no place above, untouched. */
  extra: z.record(z.string(), z.unknown()).default({}),
  sourceLine: z.number().int().optional(),
  sourceFile: z.string().optional(),
  sourceEndLine: z.number().int().optional(),
});
export type Task = z.infer<typeof Task>;

/** A phase, milestone, story or section that holds tasks. A dependency on a group means all its leaves, and binds all its leaves. */
export const Group = z.object({
  id: z.string(),
  displayId: z.string(),
  title: z.string(),
  milestone: z.string().optional(),
  order: z.number().int(),
  goal: z.string().optional(),
  status: PlanStatus.default("pending"),
  statusSources: z.array(StatusSource).default([]),
  dependencies: z.array(Dependency).default([]),
  parallelWith: z.array(z.string()).default([]),
  criteria: z.array(Criterion).default([]),
  estimate: Estimate.optional(),
  mode: z.string().optional(),
  sourceLine: z.number().int().optional(),
});
export type Group = z.infer<typeof Group>;

export const planSources = ["ROADMAP", "SPEC", "TASK_LIST", "INLINE", "INTENT"] as const;
export const Plan = z.object({
  /** UUIDv7 */
  id: z.string(),
  conversationId: z.string(),
  source: z.enum(planSources),
  format: z.object({ name: z.string(), variant: z.string().optional(), confidence: z.number().min(0).max(1) }),
  title: z.string(),
  goal: z.string().optional(),
  milestones: z.array(z.object({ id: z.string(), title: z.string(), status: PlanStatus.optional() })).default([]),
  phases: z.array(Group),
  tasks: z.array(Task),
  criteria: z.array(Criterion).default([]),
  externalRefs: z.array(z.object({ from: z.string(), ref: z.string(), line: z.number().int().optional() })).default([]),
  input: z
    .array(z.object({ file: z.string(), bytes: z.number(), eol: z.string(), bom: z.boolean(), encoding: z.string() }))
    .default([]),
  metadata: z.object({
    created: z.string(),
    /** Minutes along the critical path. */
    estimatedDuration: z.number(),
    /** Tokens: the sum of the tasks' tiers. */
    contextBudget: z.number(),
    priority: z.enum(["low", "normal", "high"]).default("normal"),
    workspace: z.string().optional(),
    tags: z.array(z.string()).default([]),
  }),
});
export type Plan = z.infer<typeof Plan>;

/** What the reader saw besides the plan: nothing of the source goes missing without a line here. */
export const ParseReport = z.object({
  format: z.object({ name: z.string(), variant: z.string().optional(), confidence: z.number(), why: z.string() }),
  ignored: z.array(z.object({ lines: z.array(z.number().int()), why: z.string() })),
  inferred: z.array(z.object({ from: z.string(), to: z.string(), rule: z.string(), line: z.number().int().optional() })),
  warnings: z.array(
    z.object({
      code: z.string(),
      line: z.number().int().optional(),
      file: z.string().optional(),
      text: z.string(),
      fix: z.string().optional(),
    }),
  ),
  counts: z.object({
    phases: z.number().int().nullable(),
    phases_done: z.number().int().nullable(),
    tasks: z.number().int(),
    leaf_tasks: z.number().int(),
    done: z.number().int(),
    effective_done: z.number().int(),
    leaf_done: z.number().int(),
    steps: z.number().int(),
    steps_done: z.number().int(),
    criteria: z.number().int(),
    criteria_done: z.number().int(),
    anti: z.number().int(),
    optional: z.number().int(),
    not_tasks: z.number().int(),
    parallel_marked: z.number().int(),
  }),
});
export type ParseReport = z.infer<typeof ParseReport>;

export type ParsedPlan = { plan: Plan; report: ParseReport };
