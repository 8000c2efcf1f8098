/**
 * Task Master `tasks.json`: `{tasks: […]}` or, tagged, `{tag: {tasks: […]}, …}`. Subtasks are numbered within their task and name each other
 * by that number. Nothing but `dependencies` orders (D12).
 */

import { type Draft, type DraftTask, newDraft } from "../draft.ts";
import { PlanError } from "../plan-error.ts";
import { type Fields, has, idLines, isRecord, records, text, textOf } from "./record.ts";
import type { Source } from "./source.ts";
import { type RecordShape, readTaskRecord } from "./task-record.ts";

const shape: RecordShape = {
  defaultId: (index) => String(index + 1),
  subtaskId: (parent, own) => (own.includes(".") ? own : `${parent}.${own}`),
};

/** The lists of a Task Master file by tag; the legacy form has one without a name. */
export function taskMasterLists(root: unknown): Map<string, Fields[]> {
  const lists = new Map<string, Fields[]>();
  if (!isRecord(root)) return lists;
  if (looksLike(records(root.tasks))) lists.set("", records(root.tasks));
  else
    for (const [tag, value] of Object.entries(root))
      if (isRecord(value) && looksLike(records(value.tasks))) lists.set(tag, records(value.tasks));
  return lists;
}

function looksLike(tasks: Fields[]): boolean {
  return (
    tasks.length > 0 &&
    tasks.every((task) => has(task, "id", "title")) &&
    tasks.some((task) => has(task, "testStrategy") || (has(task, "dependencies") && has(task, "subtasks")))
  );
}

export function readTaskMaster(source: Source): Draft {
  const lists = taskMasterLists(source.json);
  const asked = source.parameters["tag"];
  if (asked !== undefined && !lists.has(asked)) throw noSuchTag(asked, lists);
  const [tag = "", tasks = []] =
    asked !== undefined
      ? [asked, lists.get(asked)]
      : lists.has("master")
        ? ["master", lists.get("master")]
        : ([...lists][0] ?? []);
  const root = isRecord(source.json) ? source.json : {};
  const metadata = isRecord(root.metadata) ? root.metadata : {};
  const title =
    textOf(metadata, "projectName", "title") ?? (tag === "" || tag === "master" ? source.name.replace(/\.json$/i, "") : tag);
  const draft = newDraft({ source: "TASK_LIST", title, groupStatus: "never", keyedById: true });
  if (lists.size > 1 && asked === undefined) {
    const counts = [...lists].map(([name, list]) => `${name} (${list.length})`).join(", ");
    draft.warnings.push({
      code: "several-plans",
      text: `The file holds several task lists: ${counts}. "${tag}" was read.`,
      fix: "Choose another one with --set tag=NAME.",
    });
  }
  for (const [index, task] of tasks.entries()) readTaskRecord(task, index, draft, shape);
  addStrategies(draft);
  addLines(draft, source);
  return draft;
}

function noSuchTag(tag: string, lists: ReadonlyMap<string, Fields[]>): PlanError {
  const names = [...lists.keys()].filter((name) => name !== "").join(", ");
  const message = `The file has no task list "${tag}".`;
  return new PlanError([
    {
      code: "tag",
      message,
      line: 1,
      column: 1,
      fix: names === "" ? "It holds a single list: leave tag out." : `It has: ${names}.`,
    },
  ]);
}

function addStrategies(draft: Draft): void {
  for (const task of draft.tasks) {
    const details = text(task.extra?.details);
    const strategy = text(task.extra?.testStrategy);
    if (details !== undefined && task.description !== details)
      task.description = [task.description, details].filter(Boolean).join("\n\n");
    if (strategy !== undefined)
      task.verification.push({ id: `${task.displayId}.c1`, criterion: strategy, test: "manual", method: "task check" });
  }
}

function addLines(draft: Draft, source: Source): void {
  const lineOf = idLines(source.text.text);
  for (const task of draft.tasks) setLine(task, lineOf(task.displayId.split(".").at(-1) ?? task.displayId));
}

/** The line of a task, and of its dependencies, which stand next to it. */
export function setLine(task: DraftTask, line: number | undefined): void {
  if (line === undefined) return;
  task.sourceLine = line;
  for (const wait of task.waits) wait.line ??= line;
}
