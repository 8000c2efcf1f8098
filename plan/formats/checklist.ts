/**
 * Checklists without a format of their own: a box is a task, a nested box is a part of it, the heading below the title is its group. Boxes
 * below headings that name criteria are criteria. Headings that say when are in order (D17), numbered ones too (D16); others are free.
 */
import { type Draft, type DraftGroup, type DraftTask, newDraft } from "../draft.ts";
import { criteriaKind, criterionOf } from "../markdown/criteria.ts";
import { ancestorsOf, type Block, itemsOf, plain, type Section, sectionsOf } from "../markdown/outline.ts";
import { addImplied, inSequence } from "../order.ts";
import { isPlaceholder, itemTask, nameDependencies } from "./checklist-items.ts";
import { HeadingGroups, namesTime, numberedHeading } from "./heading-groups.ts";
import type { Source } from "./source.ts";
import { documentTitle } from "./task-sections.ts";

const atHand = /\bcontacts?\b|\bresources\b|\blinks\b/i;

export function readChecklist(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const draft = newDraft({
    source: "INLINE",
    title: documentTitle(sections, source),
    warnings: [...warnings],
    groupStatus: "always",
  });
  const groups = new HeadingGroups(draft);
  const groupOf = groupChoice(sections, groups);
  const bySection = new Map<Section, DraftTask[]>();
  for (const section of sections) {
    const group = hasBoxes(section) ? groupOf(section) : undefined;
    bySection.set(section, readSection(section, group, draft));
  }
  noteRepeatedSteps(sections, draft, groups);
  nameDependencies(draft);
  orderGroups(draft);
  for (const section of sections) orderParts(section, bySection);
  return draft;
}

function hasBoxes(section: Section): boolean {
  for (const item of itemsOf(section.blocks)) if (item.box !== undefined) return true;
  return false;
}

/**
 * Groups are the headings right below the title. One that only leads to criteria further down is none, and a single one adds nothing.
 */
function groupChoice(sections: Section[], groups: HeadingGroups): (section: Section) => DraftGroup | undefined {
  const titles = sections.filter((section) => section.level === 1);
  const level = titles.length === 1 && sections[1] === titles[0] ? 2 : 1;
  const top = (section: Section) =>
    section.level <= level ? section : [...ancestorsOf(section)].find((above) => above.level <= level);
  const holders = new Set(
    sections.filter((section) => hasBoxes(section) && (criteriaKind(section) === undefined || section === top(section))).map(top),
  );
  holders.delete(titles.length === 1 ? titles[0] : undefined);
  const withTasks = new Set(sections.filter((section) => hasBoxes(section) && criteriaKind(section) === undefined).map(top));
  if (withTasks.size < 2) return () => undefined;
  return (section) => {
    const above = top(section);
    return above && above.level >= 1 && holders.has(above) ? groups.of(above) : undefined;
  };
}

function readSection(section: Section, group: DraftGroup | undefined, draft: Draft): DraftTask[] {
  const kind = criteriaKind(section);
  const tasks: DraftTask[] = [];
  const aside = atHand.test(section.title);
  const walk = (blocks: Block[], parent: DraftTask | undefined): void => {
    for (const block of blocks) {
      if (block.kind === "quote") walk(block.blocks, parent);
      if (block.kind !== "list") continue;
      for (const item of block.items) {
        if (item.box === undefined) walk(item.blocks, parent);
        else if (aside)
          draft.ignored.push({ lines: [item.line], why: `"${plain(item.text)}" is something to have at hand, not to do.` });
        else if (kind)
          (group ?? draft).criteria.push(criterionOf(item, `c${(group ?? draft).criteria.length + 1}`, kind === "anti"));
        else if (isPlaceholder(item.text))
          draft.ignored.push({ lines: [item.line], why: `"${plain(item.text)}" is a placeholder.`, lookalike: true });
        else {
          const task = itemTask(item, `task-${String(draft.tasks.length + 1).padStart(3, "0")}`);
          if (group) task.group = group;
          if (parent) task.parentTask = parent;
          draft.tasks.push(task);
          if (!parent) tasks.push(task);
          walk(item.blocks, task);
        }
      }
    }
  };
  walk(section.blocks, undefined);
  return tasks;
}

/** Steps as headings and a checklist of the same: the boxes are the tasks, the headings stay as groups that carry the estimates. */
function noteRepeatedSteps(sections: Section[], draft: Draft, groups: HeadingGroups): void {
  if (draft.groups.length > 0) return;
  const steps = sections.filter((section) => numberedHeading(section.title)?.word === "step" && !hasBoxes(section));
  if (steps.length < 2) return;
  for (const section of steps) groups.of(section);
  draft.warnings.push({
    code: "steps-and-boxes",
    ...(steps[0] && { line: steps[0].line }),
    text: `${steps.length} headings describe the same work as the ${draft.tasks.length} checkboxes; the checkboxes are the tasks, the headings give the estimates.`,
  });
}

function orderGroups(draft: Draft): void {
  const timed = draft.groups.filter((group) => namesTime(group.title) || /^\d/.test(group.displayId));
  const prioritised = draft.groups.some((group) => /priorit/i.test(group.title) || group.title === group.displayId);
  if (timed.length > 1 && !prioritised && draft.tasks.some((task) => task.group)) inSequence(timed, "D17");
}

/** Below one heading, the parts that say when follow each other. */
function orderParts(section: Section, bySection: Map<Section, DraftTask[]>): void {
  const timed = section.children.filter((child) => namesTime(child.title) && (bySection.get(child)?.length ?? 0) > 0);
  for (const [index, child] of timed.entries()) {
    const before = timed[index - 1];
    if (!before) continue;
    for (const task of bySection.get(child) ?? [])
      for (const earlier of bySection.get(before) ?? []) addImplied(task, earlier, "D17");
  }
}
