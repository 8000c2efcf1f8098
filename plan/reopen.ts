import { countFigures } from "./counts.ts";
import { newDraft } from "./draft.ts";
import { isRecord } from "./formats/record.ts";
import { compileGraph } from "./graph.ts";
import { type ParsedPlan, Plan } from "./model.ts";
import { PlanError, type PlanProblem } from "./plan-error.ts";
import { printedVersion } from "./print.ts";
import { nearest } from "./resolve.ts";
import { statusNotes } from "./status-notes.ts";

/** True for what `printPlan` wrote. */
export function isPrintedPlan(data: unknown): data is { longhaul: Record<string, unknown>; plan: unknown } {
  return isRecord(data) && isRecord(data.longhaul) && data.longhaul.plan !== undefined && data.plan !== undefined;
}

/** Reads a printed plan back. It may have been edited by hand, so everything is checked again. */
export function reopenPlan(
  data: { longhaul: Record<string, unknown>; plan: unknown },
  overrides: Partial<Pick<Plan, "id" | "conversationId">>,
): ParsedPlan {
  const version = data.longhaul.plan;
  if (version !== printedVersion) {
    throw new PlanError([
      {
        code: "version",
        message: `The plan was printed in form ${JSON.stringify(version)}; this program reads form ${printedVersion}.`,
        fix: "Use the program that printed it, or a newer one.",
      },
    ]);
  }
  const read = Plan.safeParse(data.plan);
  if (!read.success) {
    throw new PlanError(
      read.error.issues.slice(0, 20).map((issue) => ({
        code: "model",
        message: `plan.${issue.path.join(".")}: ${issue.message}`,
        fix: "Correct the field.",
      })),
    );
  }
  const plan: Plan = { ...read.data, ...overrides };
  const problems = [...repeatedIds(plan), ...danglingIds(plan)];
  if (problems.length > 0) throw new PlanError(problems);
  const graph = compileGraph(plan);
  return {
    plan,
    report: {
      format: { ...plan.format, why: "printed by Longhaul" },
      ignored: [],
      inferred: [],
      warnings: statusNotes(plan, graph),
      counts: countFigures(newDraft({ source: plan.source, title: plan.title }), plan),
    },
  };
}

function repeatedIds(plan: Plan): PlanProblem[] {
  const seen = new Set<string>();
  const problems: PlanProblem[] = [];
  for (const { id } of [...plan.phases, ...plan.tasks]) {
    if (seen.has(id))
      problems.push({
        code: "duplicate-id",
        message: `Id ${id} is used twice.`,
        fix: "Give each task and phase an id of its own.",
      });
    seen.add(id);
  }
  return problems;
}

function danglingIds(plan: Plan): PlanProblem[] {
  const phases = new Set(plan.phases.map((phase) => phase.id));
  const tasks = new Map(plan.tasks.map((task) => [task.id, task]));
  const problems: PlanProblem[] = [];
  const unknown = (owner: string, what: string, id: string) => {
    const near = problems.length < 20 ? nearest(id, [...tasks.keys(), ...phases]) : [];
    const hint = near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : "";
    problems.push({
      code: "unknown-id",
      message: `${owner} ${what} ${id}, which is not in this plan.${hint}`,
      fix: "Correct the id.",
    });
  };
  for (const holder of [...plan.phases, ...plan.tasks]) {
    for (const { to, kind } of holder.dependencies)
      if (kind !== "external" && !tasks.has(to) && !phases.has(to)) unknown(`Task ${holder.id}`, "depends on", to);
  }
  for (const task of plan.tasks) {
    if (task.phase !== undefined && !phases.has(task.phase)) unknown(`Task ${task.id}`, "belongs to phase", task.phase);
    if (task.parent !== undefined && !tasks.has(task.parent)) unknown(`Task ${task.id}`, "is a part of", task.parent);
    if (isOwnPart(task.id, tasks))
      problems.push({ code: "circle", message: `Task ${task.id} is a part of itself.`, fix: "Correct its parent." });
  }
  return problems;
}

function isOwnPart(id: string, tasks: Map<string, { parent?: string | undefined }>): boolean {
  const seen = new Set<string>();
  for (let at = tasks.get(id)?.parent; at !== undefined && !seen.has(at); at = tasks.get(at)?.parent) {
    if (at === id) return true;
    seen.add(at);
  }
  return false;
}
