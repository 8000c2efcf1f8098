/**
 * PlanExe writes one file per stage, joined by UUIDs: the project, its phases with tasks, the breakdown of tasks, dependencies, durations, and
 * the whole tree. Any of them can be read alone; `mergePlanExe` reads them together. Only the dependency stage orders; phases in their listed
 * order are a preference (D18).
 */
import { type Draft, type DraftGroup, type DraftTask, newDraft, newGroup, newTask } from "../draft.ts";
import { inSequence } from "../order.ts";
import { type Fields, has, isRecord, records, text, textOf, texts } from "./record.ts";
import type { Source } from "./source.ts";

const minutesPerDay = 8 * 60;

export type PlanExeStage = "project" | "phases" | "breakdown" | "dependencies" | "durations" | "tree";

/** Which stage a file is, told by its fields. */
export function planExeStage(value: unknown): PlanExeStage | undefined {
  if (isRecord(value)) {
    if (isRecord(value.wbs_project)) return "tree";
    if (Array.isArray(value.task_dependency_details)) return "dependencies";
    return has(value, "project_title") && has(value, "final_deliverable") ? "project" : undefined;
  }
  const [first] = records(value);
  if (!first) return undefined;
  if (has(first, "major_phase_title")) return "phases";
  if (has(first, "days_min") && has(first, "task_id")) return "durations";
  return has(first, "parent_id") && has(first, "id") && has(first, "name", "description") ? "breakdown" : undefined;
}

export function readPlanExe(source: Source): Draft {
  return mergePlanExe([source]);
}

/** All stages of one project as one draft. */
export function mergePlanExe(sources: Source[]): Draft {
  const stages = new Map(sources.map((source) => [planExeStage(source.json), source.json]));
  const project = isRecord(stages.get("project")) ? (stages.get("project") as Fields) : {};
  const draft = newDraft({
    source: "TASK_LIST",
    title: textOf(project, "project_title") ?? sources[0]?.name ?? "PlanExe",
    groupStatus: "never",
    keyedById: true,
  });
  const deliverable = textOf(project, "final_deliverable");
  if (deliverable !== undefined) draft.goal = deliverable;
  readPhases(stages.get("phases"), draft);
  readBreakdown(stages.get("breakdown"), draft);
  readTree(stages.get("tree"), draft);
  readDependencies(stages.get("dependencies"), draft);
  for (const record of records(stages.get("durations"))) addDuration(textOf(record, "task_id") ?? "", record, draft);
  inSequence(draft.groups, "D18", false);
  if (draft.tasks.length === 0) noteLoneStage(stages, draft);
  return draft;
}

/** A stage that defines no tasks says something about those of other files; what it says is kept for the person who looks for the rest. */
function noteLoneStage(stages: Map<PlanExeStage | undefined, unknown>, draft: Draft): void {
  for (const [stage, value] of stages) {
    const count = stage === "durations" ? records(value).length : stage === "dependencies" ? draft.externals.length : 0;
    if (count === 0) continue;
    draft.warnings.push({
      code: "stage-alone",
      text: `${count} ${stage} of tasks that are defined in another file.`,
      fix: "Hand over the folder with all stages.",
    });
  }
}

function readPhases(value: unknown, draft: Draft): void {
  for (const phase of records(value)) {
    const group = newGroup({
      displayId: textOf(phase, "id") ?? String(draft.groups.length + 1),
      title: textOf(phase, "major_phase_title") ?? "",
    });
    draft.groups.push(group);
    for (const subtask of records(phase.subtasks)) {
      draft.tasks.push(
        newTask({
          displayId: textOf(subtask, "id") ?? `task-${draft.tasks.length + 1}`,
          title: textOf(subtask, "description", "name") ?? "",
          group,
          listsDependencies: true,
        }),
      );
    }
  }
}

function readBreakdown(value: unknown, draft: Draft): void {
  const byId = new Map(draft.tasks.map((task) => [task.displayId, task]));
  for (const record of records(value)) {
    const parent = textOf(record, "parent_id") ?? "";
    const task = newTask({
      displayId: textOf(record, "id") ?? `task-${draft.tasks.length + 1}`,
      title: textOf(record, "name") ?? "",
      description: textOf(record, "description") ?? "",
      listsDependencies: true,
    });
    const resources = texts(record.resources_needed);
    if (resources.length > 0) task.extra = { resources_needed: resources };
    const holder = byId.get(parent);
    if (holder) Object.assign(task, { parentTask: holder, ...(holder.group && { group: holder.group }) });
    else if (parent !== "") task.extra = { ...task.extra, parent_id: parent };
    draft.tasks.push(task);
  }
}

function readTree(value: unknown, draft: Draft): void {
  if (!isRecord(value) || !isRecord(value.wbs_project)) return;
  draft.title = textOf(value.wbs_project, "description") ?? draft.title;
  for (const phase of records(value.wbs_project.task_children)) {
    const group = newGroup({
      displayId: textOf(phase, "id") ?? String(draft.groups.length + 1),
      title: textOf(phase, "description") ?? "",
    });
    draft.groups.push(group);
    for (const child of records(phase.task_children)) readNode(child, group, undefined, draft);
  }
}

function readNode(node: Fields, group: DraftGroup, parentTask: DraftTask | undefined, draft: Draft): void {
  const extra = isRecord(node.extra_fields) ? node.extra_fields : {};
  const task = newTask({
    displayId: textOf(node, "id") ?? `task-${draft.tasks.length + 1}`,
    title: textOf(node, "description") ?? "",
    group,
    listsDependencies: true,
    ...(parentTask && { parentTask }),
  });
  for (const to of texts(extra.depends_on_task_ids)) task.waits.push({ to, kind: "explicit", rule: "depends_on_task_ids" });
  draft.tasks.push(task);
  addDuration(task.displayId, extra, draft);
  const resources = texts(extra.resources_needed);
  if (resources.length > 0) task.extra = { resources_needed: resources };
  for (const child of records(node.task_children)) readNode(child, group, task, draft);
}

/**
 * A dependent may have several records, which add up. That a part depends on its own whole cannot be an order and is left out. Without the
 * other stages at hand every id is external.
 */
function readDependencies(value: unknown, draft: Draft): void {
  if (!isRecord(value)) return;
  const nodes = new Map<string, DraftTask | DraftGroup>([...draft.groups, ...draft.tasks].map((node) => [node.displayId, node]));
  for (const record of records(value.task_dependency_details)) {
    const from = textOf(record, "dependent_task_id") ?? "";
    const node = nodes.get(from);
    for (const to of texts(record.depends_on_task_id_list)) {
      const target = nodes.get(to);
      if (!node || !target) {
        draft.externals.push({ from, ref: to });
        continue;
      }
      const whole = node.node === "task" && (target === node.group || target === node.parentTask);
      if (whole)
        draft.warnings.push({
          code: "own-whole",
          text: `${from} depends on the whole it is a part of (${to}); that cannot be an order and was left out.`,
        });
      else node.waits.push({ to, kind: "explicit", rule: "task_dependency_details" });
    }
  }
}

function addDuration(id: string, record: Fields, draft: Draft): void {
  const days = (key: string) => {
    const value = Number(text(record[key]));
    return Number.isFinite(value) && value >= 0 ? value * minutesPerDay : undefined;
  };
  const [min, likely, max] = [days("days_min"), days("days_realistic"), days("days_max")];
  if (min === undefined && likely === undefined && max === undefined) return;
  const holder = draft.tasks.find((task) => task.displayId === id) ?? draft.groups.find((group) => group.displayId === id);
  if (!holder) return;
  holder.estimate = {
    ...(min !== undefined && { min }),
    ...(likely !== undefined && { likely }),
    ...(max !== undefined && { max }),
    unit: "minutes",
    raw: `${text(record.days_min) ?? ""}-${text(record.days_max) ?? ""} days`,
  };
  const risks = textOf(record, "delay_risks");
  if (risks !== undefined && holder.node === "task") holder.risks = [risks];
}
