/** Several files that are one plan: PlanExe's stages, a Backlog.md folder, a GSD roadmap with its plan files. Pure; `folder.ts` reads them. */
import type { Draft, DraftTask } from "./draft.ts";
import { newDraft } from "./draft.ts";
import { readBacklogTask } from "./formats/backlog-task.ts";
import { readGsdRoadmap } from "./formats/gsd-roadmap.ts";
import { mergePlanExe, planExeStage } from "./formats/planexe.ts";
import { text, texts } from "./formats/record.ts";
import type { Source } from "./formats/source.ts";
import { pathsIn } from "./markdown/work-details.ts";
import type { Recognised } from "./recognised.ts";

export type Merged = { draft: Draft; format: Recognised; sources: Source[] };

/** Reads the files of a folder as one plan when they are one; undefined when a single file of it is the plan. */
export function mergeFiles(sources: Source[]): Merged | undefined {
  const stages = sources.filter((source) => source.extension === "json" && stageOf(source) !== undefined);
  if (stages.length > 1) {
    return {
      draft: mergePlanExe(stages),
      format: { name: "planexe", variant: "folder", confidence: 0.97, why: `${stages.length} stages of PlanExe` },
      sources: stages,
    };
  }
  const tasks = sources.filter((source) => /\.md$/i.test(source.name) && isBacklogTask(source));
  if (tasks.length > 1) {
    return {
      draft: mergeBacklog(tasks),
      format: { name: "backlog-md", variant: "folder", confidence: 0.95, why: `${tasks.length} task files` },
      sources: tasks,
    };
  }
  const roadmap = sources.find((source) => /^ROADMAP\.md$/i.test(source.name));
  const plans = sources.filter((source) => planIdOf(source) !== undefined);
  if (roadmap && plans.length > 0) {
    const draft = readGsdRoadmap(roadmap);
    for (const plan of plans) addPlanFile(plan, draft);
    return {
      draft,
      format: { name: "gsd-roadmap", variant: "folder", confidence: 0.96, why: `a roadmap and ${plans.length} plan files` },
      sources: [roadmap, ...plans],
    };
  }
  return undefined;
}

function stageOf(source: Source): string | undefined {
  try {
    return planExeStage(source.json);
  } catch {
    return undefined;
  }
}

function isBacklogTask(source: Source): boolean {
  const data = source.frontMatter.data;
  return data !== undefined && data.id !== undefined && data.title !== undefined && data.status !== undefined;
}

/** The number of a task id decides, since a renamed prefix leaves old references behind: `task-355.01` is `BACK-355.01`. */
function numberOf(id: string): string {
  return (/\d+(?:\.\d+)*$/.exec(id)?.[0] ?? id.toLowerCase()).replace(/(^|\.)0+(?=\d)/g, "$1");
}

function mergeBacklog(sources: Source[]): Draft {
  const merged = newDraft({
    source: "TASK_LIST",
    title: "Backlog",
    groupStatus: "never",
    keyedById: true,
    isExternal: () => true,
  });
  const byNumber = new Map<string, DraftTask>();
  for (const source of sources) {
    const draft = readBacklogTask(source);
    merged.warnings.push(...draft.warnings.map((warning) => ({ ...warning, file: source.file })));
    for (const task of draft.tasks) {
      task.sourceFile = source.file;
      merged.tasks.push(task);
      byNumber.set(numberOf(task.displayId), task);
    }
  }
  for (const task of merged.tasks) {
    task.waits = task.waits.map((wait) => {
      const at = typeof wait.to === "string" ? byNumber.get(numberOf(wait.to)) : undefined;
      return at ? { ...wait, to: at, kind: "explicit" as const } : wait;
    });
    const parent = byNumber.get(numberOf(text(task.extra?.parent_task_id) ?? ""));
    if (parent && parent !== task) task.parentTask = parent;
  }
  return merged;
}

function planIdOf(source: Source): string | undefined {
  return /^((?:[A-Z]{1,6}-)?\d+[A-Za-z]?(?:\.\d+)*-\d+[a-z]?)-PLAN\.md$/i.exec(source.name)?.[1];
}

/** What a plan file says in its front matter replaces the order by number (D2) and fills in files and waves. */
function addPlanFile(source: Source, draft: Draft): void {
  const id = planIdOf(source) ?? "";
  const same = (a: string, b: string) =>
    a.replace(/(^|-)0+(?=\d)/g, "$1").toLowerCase() === b.replace(/(^|-)0+(?=\d)/g, "$1").toLowerCase();
  const task = draft.tasks.find((candidate) => same(candidate.displayId, id));
  if (!task) {
    draft.warnings.push({
      code: "plan-not-listed",
      file: source.file,
      text: `${source.name} is not listed in the roadmap; it was not read.`,
    });
    return;
  }
  const data = source.frontMatter.data ?? {};
  const wave = Number(text(data.wave));
  if (Number.isInteger(wave)) task.wave = wave;
  const files = texts(data.files_modified).flatMap(pathsIn);
  if (files.length > 0) task.files = { ...task.files, modify: files };
  const objective = /<objective>\s*([\s\S]*?)<\/objective>/.exec(source.text.text)?.[1]?.trim();
  if (objective) task.description = objective;
  task.extra = { ...task.extra, planFile: source.file };
  if (data.depends_on === undefined) return;
  task.listsDependencies = true;
  task.waits = task.waits.filter((wait) => wait.kind !== "implied");
  for (const ref of texts(data.depends_on)) {
    const to = draft.tasks.find((candidate) => same(candidate.displayId, ref));
    task.waits.push({ to: to ?? ref, kind: to ? "explicit" : "external", rule: "depends_on" });
  }
}
