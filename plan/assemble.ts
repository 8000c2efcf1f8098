import { classifyTask } from "./classify.ts";
import { countFigures } from "./counts.ts";
import type { Draft, DraftGroup, DraftTask } from "./draft.ts";
import { compileGraph } from "./graph.ts";
import { duplicateProblem, type Identities, identify } from "./identify.ts";
import { type Group, type ParsedPlan, Plan, type Task } from "./model.ts";
import { PlanError } from "./plan-error.ts";
import type { Recognised } from "./recognised.ts";
import { type Resolved, resolveReferences } from "./resolve.ts";
import type { SourceText } from "./source-text.ts";
import { statusNotes } from "./status-notes.ts";

export type Identity = { id: string; conversationId: string; created: string };

/** Turns a draft into the plan and its report. Throws PlanError for what must not start: unknown ids, circles, ambiguous ids. */
export function assemble(
  draft: Draft,
  format: Recognised,
  sources: SourceText[],
  identity: Identity,
  trustTasks: boolean,
): ParsedPlan {
  const file = sources[0]?.file ?? "";
  addStandIns(draft);
  refuseRepeatedKeys(draft, file);
  const identities = identify(draft, file);
  const resolved = resolveReferences(draft, identities, file);
  if (resolved.problems.length > 0) throw new PlanError(resolved.problems);

  for (const task of draft.tasks) classifyTask(task);
  const phases = draft.groups.map((group, order) => toGroup(group, order, identities, resolved));
  const tasks = draft.tasks.map((task) => toTask(task, identities, resolved, file));
  if (!trustTasks) coverByStatus(draft, phases, tasks);

  const { name, variant, confidence, why } = format;
  const formatName = { name, confidence, ...(variant !== undefined && { variant }) };
  const plan = Plan.parse({
    ...identity,
    source: draft.source,
    format: formatName,
    title: draft.title,
    ...(draft.goal !== undefined && { goal: draft.goal }),
    milestones: draft.milestones,
    phases,
    tasks,
    criteria: draft.criteria,
    externalRefs: draft.externals,
    input: sources.map(({ file: path, bytes, eol, bom, encoding }) => ({ file: path, bytes, eol, bom, encoding })),
    metadata: {
      created: identity.created,
      estimatedDuration: 0,
      contextBudget: 0,
      priority: draft.priority ?? "normal",
      ...(draft.workspace !== undefined && { workspace: draft.workspace }),
      tags: draft.tags,
    },
  });
  const graph = compileGraph(plan);
  plan.metadata.estimatedDuration = Math.round(graph.criticalPath.minutes);
  plan.metadata.contextBudget = graph.leaves.reduce((sum, task) => sum + task.contextTier * 1000, 0);
  const warnings = [...sources.flatMap((source) => source.warnings), ...draft.warnings, ...statusNotes(plan, graph)];
  return {
    plan,
    report: {
      format: { ...formatName, why },
      ignored: draft.ignored.map(({ lines, why: reason }) => ({ lines, why: reason })),
      inferred: inferredEdges(plan),
      warnings,
      counts: countFigures(draft, plan),
    },
  };
}

/** A phase without tasks becomes one task that carries its goal and criteria, so that what follows it has something to wait for. */
function addStandIns(draft: Draft): void {
  if (!draft.standIns) return;
  const used = new Set(draft.tasks.map((task) => task.group));
  for (const group of draft.groups) {
    if (used.has(group)) continue;
    draft.tasks.push({
      node: "task",
      displayId: group.displayId,
      title: group.title,
      description: group.goal ?? "",
      group,
      status: group.status ?? "pending",
      placeholder: true,
      waits: [],
      listsDependencies: false,
      verification: group.criteria.map((criterion) => ({ ...criterion })),
      ...(group.estimate && { estimate: group.estimate }),
      ...(group.sourceLine !== undefined && { sourceLine: group.sourceLine }),
    });
  }
}

function refuseRepeatedKeys(draft: Draft, file: string): void {
  if (!draft.keyedById) return;
  const lines = new Map<string, number[]>();
  const counts = new Map<string, number>();
  for (const task of draft.tasks) {
    counts.set(task.displayId, (counts.get(task.displayId) ?? 0) + 1);
    if (task.sourceLine !== undefined) lines.set(task.displayId, [...(lines.get(task.displayId) ?? []), task.sourceLine]);
  }
  const repeated = [...counts].filter(([, count]) => count > 1);
  const problems = repeated.map(([id]) =>
    duplicateProblem(id, lines.get(id) ?? [], file, "and this format looks items up by id"),
  );
  if (problems.length > 0) throw new PlanError(problems);
}

function toGroup(draft: DraftGroup, order: number, identities: Identities, resolved: Resolved): Group {
  const { node: _node, waits: _waits, listsDependencies: _lists, parallelNames, ...fields } = draft;
  return {
    ...(fields as unknown as Group),
    id: identities.groups.get(draft) ?? draft.displayId,
    order,
    dependencies: resolved.dependencies.get(draft) ?? [],
    parallelWith: parallelNames,
  };
}

function toTask(draft: DraftTask, identities: Identities, resolved: Resolved, file: string): Task {
  const { node: _node, waits: _waits, listsDependencies: _lists, commandsAreParts: _parts, group, parentTask, ...fields } = draft;
  const phase = group && identities.groups.get(group);
  const parent = parentTask && identities.tasks.get(parentTask);
  return {
    ...(fields as unknown as Task),
    id: identities.tasks.get(draft) ?? draft.displayId,
    dependencies: resolved.dependencies.get(draft) ?? [],
    ...(phase !== undefined && { phase }),
    ...(parent !== undefined && { parent }),
    ...(draft.sourceFile === undefined && file !== "" && { sourceFile: file }),
  };
}

/** A phase that says itself that it is done covers its tasks, except those that say something else of their own than "not yet". */
function coverByStatus(draft: Draft, phases: Group[], tasks: Task[]): void {
  const done = new Set(phases.filter((group) => group.status === "done").map((group) => group.id));
  for (const [index, task] of tasks.entries()) {
    const status = task.status ?? "pending";
    if (status !== "pending" && status !== "in_progress") continue;
    if (task.phase !== undefined && done.has(task.phase)) task.coveredBy = task.phase;
    else if (draft.archived && draft.tasks[index]?.status === undefined) task.coveredBy = "archive";
  }
}

function inferredEdges(plan: Plan): ParsedPlan["report"]["inferred"] {
  return [...plan.phases, ...plan.tasks].flatMap((holder) =>
    holder.dependencies
      .filter((edge) => edge.kind === "implied" || edge.kind === "file-overlap")
      .map(({ to, rule, line }) => ({ from: holder.id, to, rule, ...(line !== undefined && { line }) })),
  );
}
