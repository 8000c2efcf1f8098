/**
 * The last resort: bullets of a document that calls itself a checklist or a list of tasks but has no boxes. A section that only holds a
 * command is one task. Low confidence; a person confirms before the start.
 */
import { type Draft, type DraftTask, newDraft, newTask } from "../draft.ts";
import { criteriaKind, criterionOf } from "../markdown/criteria.ts";
import { type Item, plain, type Section, sectionsOf } from "../markdown/outline.ts";
import { readWorkDetails } from "../markdown/work-details.ts";
import { inSequence } from "../order.ts";
import { itemTask, nameDependencies } from "./checklist-items.ts";
import { HeadingGroups } from "./heading-groups.ts";
import type { Source } from "./source.ts";
import { documentTitle } from "./task-sections.ts";

const promising = /\b(?:checklist|to-?do|tasks|action items|next steps|runbook)\b/i;

/** The sections whose bullets are work: all of a document that is a checklist by name, or those that are one by their own heading. */
export function bulletSections(sections: Section[]): Section[] {
  const [root, first] = sections;
  const whole = first?.level === 1 && promising.test(first.title);
  return sections.filter(
    (section) => section !== root && (whole ? section.level === 2 : promising.test(section.title) && section.level > 1),
  );
}

export function readBullets(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const draft = newDraft({
    source: "INLINE",
    title: documentTitle(sections, source),
    warnings: [...warnings],
    groupStatus: "always",
  });
  const groups = new HeadingGroups(draft);
  for (const section of bulletSections(sections)) {
    const kind = criteriaKind(section);
    const group = groups.of(section);
    const items = bulletsOf(section);
    if (kind) for (const item of items) group.criteria.push(criterionOf(item, `c${group.criteria.length + 1}`, kind === "anti"));
    else draft.tasks.push(...sectionTasks(section, items, draft.tasks.length).map((task) => Object.assign(task, { group })));
  }
  nameDependencies(draft);
  if (draft.groups.every((group) => /^\d/.test(group.displayId))) inSequence(draft.groups, "D16");
  if (draft.tasks.length > 0) {
    draft.warnings.push({
      code: "bullets",
      text: `No checkboxes: ${draft.tasks.length} bullets were read as tasks.`,
      fix: "Check them, or turn what is to be done into `- [ ] …`.",
    });
  }
  return draft;
}

function bulletsOf(section: Section): Item[] {
  return [...sectionsOf(section)].flatMap((part) => part.blocks).flatMap((block) => (block.kind === "list" ? block.items : []));
}

function sectionTasks(section: Section, items: Item[], offset: number): DraftTask[] {
  const id = (index: number) => `task-${String(offset + index + 1).padStart(3, "0")}`;
  if (items.length > 0) return items.map((item, index) => itemTask(item, id(index)));
  const task = newTask({
    displayId: id(0),
    title: plain(section.title).replace(/^\d+[.)]\s*/, ""),
    sourceLine: section.line,
    sourceEndLine: section.endLine,
  });
  readWorkDetails(task, section.blocks);
  return (task.commands?.length ?? 0) > 0 ? [task] : [];
}
