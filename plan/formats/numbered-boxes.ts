/**
 * Kiro, cc-sdd and OpenSpec: boxes whose text starts with a number, `- [ ] 1.2 …`. The number carries the hierarchy, since indentation is
 * often absent. Groups and numbers are in order (D9); `(P)` marks what may run beside its neighbours.
 */
import { type Draft, type DraftGroup, type DraftTask, newDraft, newGroup, newTask } from "../draft.ts";
import { criteriaKind, criterionOf } from "../markdown/criteria.ts";
import { type Item, itemsOf, plain, type Section, sectionsOf } from "../markdown/outline.ts";
import { readWorkDetails } from "../markdown/work-details.ts";
import { aroundParallel, compareIds, inSequence, leavesOf } from "../order.ts";
import { statusOfBox } from "../status-words.ts";
import type { Source } from "./source.ts";
import { documentTitle } from "./task-sections.ts";

/** `1.`, `1.1`, `1)` before the text; a lone number needs a dot, or "3 files" would be a task. */
export const numberedBox = /^(?:\*\*)?(\d+(?:\.\d+)+|\d+(?=[.)]))[.)]?(?:\*\*)?\s+(.*)$/s;
const groupTitle = /^(\d+)[.)]\s+(.*)$/;
const generic =
  /^(?:\W*)(?:implementation\s+)?(?:tasks?|task (?:sequence|list|breakdown)|implementation plan|plan|checklist|to-?dos?)$/i;

export function readNumberedBoxes(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const draft = newDraft({
    source: "TASK_LIST",
    title: documentTitle(sections, source).replace(/^Implementation Plan:\s*/i, ""),
    warnings: [...warnings],
  });
  const byId = new Map<string, DraftTask>();
  for (const section of sections) readSection(section, draft, byId);
  for (const task of draft.tasks) {
    const parent = byId.get(task.displayId.replace(/\.\d+$/, ""));
    if (parent && parent !== task) task.parentTask = parent;
  }
  const openSpec = draft.groups.some(
    (group) =>
      /^\d+$/.test(group.displayId) &&
      draft.tasks.some((task) => task.group === group && task.displayId.startsWith(`${group.displayId}.`)),
  );
  order(draft, openSpec);
  return draft;
}

function readSection(section: Section, draft: Draft, byId: Map<string, DraftTask>): void {
  const kind = criteriaKind(section);
  let group: DraftGroup | undefined;
  for (const item of itemsOf(section.blocks)) {
    if (item.box === undefined) continue;
    const found = numberedBox.exec(item.text);
    if (!found?.[1]) {
      if (kind) draft.criteria.push(criterionOf(item, `c${draft.criteria.length + 1}`, kind === "anti"));
      else draft.ignored.push({ lines: [item.line], why: `"${plain(item.text)}" has no number of its own.` });
      continue;
    }
    group ??= openGroup(section, draft);
    const task = readTask(item, found[1], found[2] ?? "", group);
    if (!byId.has(task.displayId)) byId.set(task.displayId, task);
    draft.tasks.push(task);
  }
}

function openGroup(section: Section, draft: Draft): DraftGroup | undefined {
  const title = plain(section.title);
  if (section.level < 2 || generic.test(title)) return undefined;
  const found = groupTitle.exec(title);
  const group = newGroup({
    displayId: found?.[1] ?? String(draft.groups.length + 1),
    title: found?.[2] ?? title,
    sourceLine: section.line,
  });
  draft.groups.push(group);
  return group;
}

function readTask(item: Item, id: string, text: string, group: DraftGroup | undefined): DraftTask {
  const parallel = /^[(（]P[)）]\s*|\s*[(（]P[)）]\s*$/;
  const task = newTask({
    displayId: id,
    title: plain(text.replace(parallel, "")) || id,
    parallel: parallel.test(text) ? "marked" : "unmarked",
    status: statusOfBox(item.box) ?? "pending",
    statusSources: [{ where: "checkbox", line: item.line, says: item.box ?? "" }],
    sourceLine: item.line,
    sourceEndLine: item.endLine,
    ...(group && { group }),
    ...((item.starred || /^\*\s/.test(text)) && { optional: true }),
    ...(/^checkpoint\b/i.test(text) && { labels: ["checkpoint"] }),
  });
  readWorkDetails(task, [], item);
  return task;
}

function order(draft: Draft, openSpec: boolean): void {
  const byNumber = (tasks: DraftTask[]) => [...tasks].sort((a, b) => compareIds(a.displayId, b.displayId));
  if (!openSpec) {
    aroundParallel(byNumber(leavesOf(draft.tasks)), "D9");
    return;
  }
  inSequence(draft.groups, "D9");
  for (const group of [undefined, ...draft.groups])
    aroundParallel(byNumber(leavesOf(draft.tasks).filter((task) => task.group === group)), "D9");
}
