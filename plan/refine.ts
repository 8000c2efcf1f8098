/** What a model says about tasks, and how much of it is taken: it may be stricter than the rules, never laxer. Pure. */
import { z } from "zod";
import { automationVerdict } from "./classify.ts";
import { type Breakdown, breakDown } from "./decompose.ts";
import { Automation, type Plan, type Task, TaskKind } from "./model.ts";
import { isOpen, leafTasks } from "./standing.ts";

export const Opinion = z.object({
  id: z.string(),
  kind: TaskKind,
  automation: Automation,
  reason: z.string().max(500).optional(),
  confidence: z.number().min(0).max(1),
  minutes: z.number().positive().max(100_000).optional(),
  priority: z.enum(["low", "normal", "high"]).optional(),
  parts: z
    .array(z.object({ title: z.string().min(1).max(300), kind: TaskKind.optional(), minutes: z.number().positive().optional() }))
    .max(12)
    .optional(),
});
export type Opinion = z.infer<typeof Opinion>;

const strictness = { FULL_AUTO: 0, SEMI_AUTO: 1, HUMAN_ONLY: 2 } as const;
/** What the plan wrote, or carries as a command, is no guess. */
const settled = new Set(["carries-command", "written", "checkpoint", "kind-human"]);

/** The tasks whose reading is a guess. */
export function guessedTasks(plan: Plan): Task[] {
  return leafTasks(plan).filter((task) => isOpen(task) && task.kind !== "shell" && !settled.has(task.classifiedBy ?? ""));
}

/** The plan as the model reads it, within what the rules allow; opinions on other tasks are left out. */
export function refine(plan: Plan, opinions: readonly Opinion[]): Plan {
  const guessed = new Set(guessedTasks(plan).map(({ id }) => id));
  const byId = new Map(opinions.filter(({ id }) => guessed.has(id)).map((opinion) => [opinion.id, opinion]));
  const refined = {
    ...plan,
    tasks: plan.tasks.map((task) => {
      const opinion = byId.get(task.id);
      return opinion === undefined ? task : readAnew(task, opinion);
    }),
  };
  const breakdowns = [...byId.values()].flatMap(({ id, parts, confidence }): Breakdown[] =>
    parts === undefined || parts.length < 2 ? [] : [{ taskId: id, parts, confidence, by: "model" }],
  );
  return breakDown(refined, breakdowns);
}

function readAnew(task: Task, opinion: Opinion): Task {
  const kind = opinion.kind === "shell" ? task.kind : opinion.kind; // a command has to be written, not guessed
  const verdict = automationVerdict({ ...task, kind });
  const byRule = verdict.level === "REFUSED" ? "HUMAN_ONLY" : verdict.level;
  const levels = [task.automation, byRule, opinion.automation].toSorted((a, b) => strictness[b] - strictness[a]);
  const automation = levels[0] as Task["automation"];
  const reason = task.requiresHuman ?? verdict.reason ?? opinion.reason;
  return {
    ...task,
    kind: automation === "HUMAN_ONLY" ? "human" : kind,
    automation,
    ...(automation === "FULL_AUTO" || reason === undefined ? {} : { requiresHuman: reason }),
    confidence: opinion.confidence,
    classifiedBy: "model",
    ...(task.estimate === undefined && opinion.minutes !== undefined
      ? { estimate: { likely: opinion.minutes, unit: "minutes" as const } }
      : {}),
    ...(task.priorityRaw === undefined && opinion.priority !== undefined ? { priority: opinion.priority } : {}),
  };
}
