import type { Draft } from "./draft.ts";
import type { Criterion, ParseReport, Plan, Task } from "./model.ts";
import { leafTasks } from "./standing.ts";

/** The figures of a plan: all work items but stand-ins, with what the file itself marks. */
export function countFigures(draft: Draft, plan: Plan): ParseReport["counts"] {
  const tasks = plan.tasks.filter((task) => !task.placeholder);
  const leaves = leafTasks(plan).filter((task) => !task.placeholder);
  const criteria = allCriteria(plan);
  const steps = tasks.flatMap((task) => task.steps);
  const covering = new Set(["archive", ...plan.phases.map((group) => group.id)]);
  const positive = criteria.filter((criterion) => !criterion.anti);
  return {
    phases: plan.phases.length,
    phases_done: phasesDone(draft, plan, tasks),
    tasks: tasks.length,
    leaf_tasks: leaves.length,
    done: tasks.filter((task) => task.status === "done").length,
    effective_done: tasks.filter((task) => task.status === "done" || covering.has(task.coveredBy ?? "")).length,
    leaf_done: leaves.filter((task) => task.status === "done").length,
    steps: steps.length,
    steps_done: steps.filter((step) => step.status === "done").length,
    criteria: positive.length,
    criteria_done: positive.filter((criterion) => criterion.status === "done").length,
    anti: criteria.length - positive.length,
    optional: tasks.filter((task) => task.optional).length,
    not_tasks: draft.ignored.filter((entry) => entry.lookalike).reduce((sum, entry) => sum + entry.lines.length, 0),
    parallel_marked: tasks.filter((task) => task.parallel === "marked").length,
  };
}

/** Checks that are read from a task's own fields, or from prose, are attached like criteria but are no items of the source. */
const uncounted = new Set(["task check", "must have", "plain bullet"]);

/** Criteria of the plan, its groups and its tasks. A stand-in repeats those of its group, which are counted there. */
function allCriteria(plan: Plan): Criterion[] {
  return [
    ...plan.criteria,
    ...plan.phases.flatMap((group) => group.criteria),
    ...plan.tasks.filter((task) => !task.placeholder).flatMap((task) => task.verification),
  ].filter((criterion) => !uncounted.has(criterion.method ?? ""));
}

function phasesDone(draft: Draft, plan: Plan, tasks: Task[]): number | null {
  if (plan.phases.length === 0 || draft.groupStatus === "never") return null;
  const byPhase = Map.groupBy(tasks, (task) => task.phase);
  let done = 0;
  for (const group of plan.phases) {
    const own = byPhase.get(group.id) ?? [];
    const allTicked = own.length > 0 && own.every((task) => task.status === "done");
    const byTasks = draft.groupStatus !== "own" && own.some((task) => task.statusSources.length > 0);
    if (group.statusSources.length === 0 && !byTasks && draft.groupStatus !== "always") return null;
    if (group.status === "done" || (group.statusSources.length === 0 && allTicked)) done++;
  }
  return done;
}
