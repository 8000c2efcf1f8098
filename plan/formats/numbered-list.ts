/**
 * Numbered lists under headings that promise work ("Upgrade order", "Phase 2A: …", "Step-by-Step Tasks"): one item is one task, in order
 * (D15). Items that only hold a checklist are groups of its boxes.
 */
import { type Draft, type DraftGroup, newDraft, newGroup } from "../draft.ts";
import { readEstimate } from "../estimate-text.ts";
import { criteriaKind, criterionOf } from "../markdown/criteria.ts";
import { fieldsOf } from "../markdown/fields.ts";
import { type Item, itemsOf, plain, type Section, sectionsOf } from "../markdown/outline.ts";
import { inSequence } from "../order.ts";
import { itemTask, nameDependencies } from "./checklist-items.ts";
import { HeadingGroups, numberedAbove } from "./heading-groups.ts";
import type { Source } from "./source.ts";
import { documentTitle } from "./task-sections.ts";

const promising =
  /\b(?:order|steps?|step-by-step|tasks?|task list|to-?dos?|phase \w+|implementation plan|sequence|action items|actions|execution|procedure|work items)\b/i;
const describing = /\b(?:approach|scope|overview|requirements|results|notes|rationale|details|criteria|how it works)\b/i;

export function readNumberedList(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const draft = newDraft({
    source: "INLINE",
    title: documentTitle(sections, source),
    warnings: [...warnings],
    groupStatus: "always",
  });
  const groups = new HeadingGroups(draft);
  for (const section of sections) {
    if (criteriaKind(section)) readCriteria(section, draft);
    else if (promisesWork(section)) readWorkList(section, draft, groups);
  }
  readTimeline(sections, draft);
  nameDependencies(draft);
  inSequence(draft.tasks, "D15");
  return draft;
}

/** True where a numbered list below a heading is work and not explanation. */
export function promisesWork(section: Section): boolean {
  const title = plain(section.title);
  return section.level > 1 && promising.test(title) && !describing.test(title) && numberedItems(section).length > 1;
}

function numberedItems(section: Section): Item[] {
  return section.blocks.flatMap((block) => (block.kind === "list" && block.ordered ? block.items : []));
}

/** Adds the items of a section's numbered lists as tasks, or their boxes where items are headings of checklists. */
export function readWorkList(section: Section, draft: Draft, groups: HeadingGroups): void {
  const items = numberedItems(section);
  const holdBoxes = items.filter((item) => item.box === undefined && boxesIn(item).length > 0);
  if (holdBoxes.length > 1) {
    for (const item of items) readBoxGroup(item, draft);
    inSequence(draft.groups, "D10");
    return;
  }
  const above = numberedAbove(section);
  const group = above && groups.of(above);
  for (const item of items) {
    const task = itemTask(item, String(item.number ?? draft.tasks.length + 1));
    const bold = /^\*\*([A-Z]{1,5}-?\d+)\*\*\s*[—–:-]\s*/.exec(item.text);
    if (bold?.[1]) Object.assign(task, { displayId: bold[1], title: plain(item.text.slice(bold[0].length)) });
    task.title = task.title.replace(/:$/, "");
    if (group) task.group = group;
    draft.tasks.push(task);
  }
}

function boxesIn(item: Item): Item[] {
  return [...itemsOf(item.blocks)].filter((inner) => inner.box !== undefined);
}

function readBoxGroup(item: Item, draft: Draft): void {
  const group: DraftGroup = newGroup({
    displayId: String(item.number ?? draft.groups.length + 1),
    title: plain(item.text),
    sourceLine: item.line,
  });
  draft.groups.push(group);
  for (const box of boxesIn(item)) {
    const task = itemTask(box, `${group.displayId}.${draft.tasks.filter((other) => other.group === group).length + 1}`);
    task.group = group;
    draft.tasks.push(task);
  }
}

function readCriteria(section: Section, draft: Draft): void {
  for (const item of itemsOf(section.blocks))
    if (item.box !== undefined) draft.criteria.push(criterionOf(item, `c${draft.criteria.length + 1}`));
}

/** "**Phase 2A (Extrusion)**: 1-2 hours" in a timeline is the estimate of that phase. */
function readTimeline(sections: Section[], draft: Draft): void {
  for (const section of sections) {
    if (!/\b(?:timeline|estimate|schedule)/i.test(section.title)) continue;
    for (const field of fieldsOf(section.blocks)) {
      const id = /^(?:phase|step|stage)\s+(\w+(?:\.\w+)*)/i.exec(field.name)?.[1];
      const group = draft.groups.find((candidate) => candidate.displayId.toLowerCase() === id);
      const estimate = readEstimate(field.value);
      if (group && estimate) group.estimate = estimate;
    }
  }
}
