/**
 * Lists whose items say `passes`: ralph's `{userStories: […]}`, worked through by priority, one at a time (D13), and feature lists, a bare
 * array whose order is only a preference (D14).
 */
import { type Draft, newDraft } from "../draft.ts";
import { inSequence } from "../order.ts";
import { type Fields, has, idLines, isRecord, records, text, textOf, texts } from "./record.ts";
import type { Source } from "./source.ts";
import { setLine } from "./task-master.ts";
import { readTaskRecord } from "./task-record.ts";

export function isStoryList(value: unknown): value is Fields {
  return isRecord(value) && records(value.userStories).length > 0;
}

export function isFeatureList(value: unknown): boolean {
  const items = records(value);
  return items.length > 0 && items.every((item) => has(item, "passes") && has(item, "description", "title"));
}

export function readStoryList(source: Source): Draft {
  const root = isRecord(source.json) ? source.json : {};
  const draft = newDraft({
    source: "TASK_LIST",
    title: textOf(root, "title", "project", "name", "branchName") ?? source.name,
    groupStatus: "never",
    keyedById: true,
  });
  const goal = textOf(root, "description");
  if (goal !== undefined) draft.goal = goal;
  for (const [index, story] of records(root.userStories).entries())
    readTaskRecord(story, index, draft, { defaultId: (at) => `US-${String(at + 1).padStart(3, "0")}` });
  addLines(draft, source);
  const byPriority = [...draft.tasks].sort((a, b) => rank(a.priorityRaw) - rank(b.priorityRaw));
  inSequence(byPriority, "D13");
  return draft;
}

function rank(raw: string | undefined): number {
  const value = Number(raw);
  return raw === undefined || Number.isNaN(value) ? Number.MAX_SAFE_INTEGER : value;
}

export function readFeatureList(source: Source): Draft {
  const draft = newDraft({ source: "TASK_LIST", title: source.name.replace(/\.json$/i, ""), groupStatus: "never" });
  for (const [index, feature] of records(source.json).entries()) {
    const task = readTaskRecord(feature, index, draft, { defaultId: (at) => `feature-${String(at + 1).padStart(3, "0")}` });
    const category = text(feature.category);
    if (category !== undefined) task.labels = [category];
    const how = texts(Array.isArray(feature.steps) ? feature.steps : []);
    if (how.length > 0) task.notes = how.join("\n");
  }
  addLines(draft, source);
  inSequence(draft.tasks, "D14", false);
  return draft;
}

function addLines(draft: Draft, source: Source): void {
  const lineOf = idLines(source.text.text);
  for (const task of draft.tasks) setLine(task, lineOf(task.displayId));
}
