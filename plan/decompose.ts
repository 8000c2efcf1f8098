/**
 * Breaks one task into parts: by the arrows in its title, or as a model proposes. The task stays as the whole of its parts; what waited for
 * it waits for the last of them. A breakdown that is not certain is confirmed by a person before its first part runs (SPEC §2.3). Pure.
 */
import { automationVerdict } from "./classify.ts";
import { kindRules } from "./classify-rules.ts";
import type { Plan, Task, TaskKind } from "./model.ts";
import { Task as TaskSchema } from "./model.ts";
import { isOpen, leafTasks } from "./standing.ts";

export type Part = { title: string; kind?: TaskKind | undefined; minutes?: number | undefined };
export type Breakdown = { taskId: string; parts: Part[]; confidence: number; by: string };

const certainty = 0.8;
const arrow = /\s+(?:→|⟶|->|=>)\s+/u;
/** Longer chains are descriptions of a process rather than work to be done. */
const mostParts = 12;

/** `Send the offer → wait for the reply → schedule the call` is three things, one after the other. */
export function breakdownsByRule(plan: Plan): Breakdown[] {
  return leafTasks(plan)
    .filter((task) => isOpen(task) && task.steps.length === 0 && task.commands.length === 0 && task.kind !== "shell")
    .flatMap((task): Breakdown[] => {
      const parts = task.title.split(arrow).filter((part) => part.trim() !== "");
      if (parts.length < 3 || parts.length > mostParts) return []; // two may be a change: "rename a -> b"
      return [{ taskId: task.id, parts: parts.map((title) => ({ title: title.trim() })), confidence: 0.85, by: "arrows" }];
    });
}

/** The plan with its tasks broken down. A breakdown of a task that is no open leaf, or of fewer than two parts, is left out. */
export function breakDown(plan: Plan, breakdowns: readonly Breakdown[]): Plan {
  const open = new Set(
    leafTasks(plan)
      .filter(isOpen)
      .map(({ id }) => id),
  );
  const ids = new Set(plan.tasks.map(({ id }) => id));
  const byTask = new Map(
    breakdowns
      .filter(({ taskId, parts }) => open.has(taskId) && parts.length > 1 && parts.length <= mostParts)
      .filter(({ taskId, parts }) => !parts.some((_, index) => ids.has(`${taskId}.${index + 1}`)))
      .map((breakdown) => [breakdown.taskId, breakdown]),
  );
  if (byTask.size === 0) return plan;
  const tasks = plan.tasks.flatMap((task) => {
    const breakdown = byTask.get(task.id);
    return breakdown === undefined ? [task] : [task, ...partsOf(task, breakdown)];
  });
  return { ...plan, tasks };
}

function partsOf(whole: Task, { parts, confidence, by }: Breakdown): Task[] {
  const tasks = parts.map((part, index) => partOf(whole, part, index, confidence, by));
  const confirm = confidence < certainty ? [confirmationOf(whole, tasks, confidence)] : [];
  return [...confirm, ...tasks].map((task, index, all) => {
    const before = all[index - 1];
    return before === undefined
      ? task
      : { ...task, dependencies: [{ to: before.id, kind: "implied", rule: "parts-in-order", active: true }] };
  });
}

function partOf(whole: Task, part: Part, index: number, confidence: number, by: string): Task {
  const kind = part.kind ?? kindRules.find((rule) => rule.pattern.test(part.title))?.kind ?? whole.kind;
  const verdict = automationVerdict({ title: part.title, kind });
  const level = verdict.level === "REFUSED" ? "HUMAN_ONLY" : verdict.level;
  return TaskSchema.parse({
    id: `${whole.id}.${index + 1}`,
    displayId: `${whole.displayId}.${index + 1}`,
    title: part.title,
    description: whole.description,
    parent: whole.id,
    ...(whole.phase === undefined ? {} : { phase: whole.phase }),
    ...(whole.sourceLine === undefined ? {} : { sourceLine: whole.sourceLine }),
    ...(whole.sourceFile === undefined ? {} : { sourceFile: whole.sourceFile }),
    ...(part.minutes === undefined ? {} : { estimate: { likely: part.minutes } }),
    kind: level === "HUMAN_ONLY" ? "human" : kind,
    automation: level,
    ...(verdict.reason === undefined ? {} : { requiresHuman: verdict.reason }),
    confidence,
    classifiedBy: by,
    priority: whole.priority,
    contextTier: whole.contextTier,
  });
}

function confirmationOf(whole: Task, parts: readonly Task[], confidence: number): Task {
  const list = parts.map(({ title, kind }, index) => `${index + 1}. ${title} (${kind})`).join("\n");
  return TaskSchema.parse({
    id: `${whole.id}.confirm`,
    displayId: `${whole.displayId}.confirm`,
    title: `Confirm how "${whole.title}" is broken down`,
    description: `${list}\n\nTo have it otherwise, change the plan and run: longhaul edit`,
    parent: whole.id,
    ...(whole.phase === undefined ? {} : { phase: whole.phase }),
    kind: "human",
    automation: "HUMAN_ONLY",
    requiresHuman: `The breakdown is a guess (confidence ${confidence.toFixed(2)}).`,
    classifiedBy: "confirm-breakdown",
    estimate: { likely: 2 },
  });
}
