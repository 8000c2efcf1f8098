/**
 * Checklists without a format of their own: a box is a task, a nested box is a part of it, the nearest heading is its group. Boxes below
 * headings that name criteria are criteria.
 */
import { type Draft, type DraftGroup, type DraftTask, newDraft, newGroup, newTask } from "../draft.ts";
import { criteriaKind, criterionOf } from "../markdown/criteria.ts";
import { fieldNamed, fieldsOf } from "../markdown/fields.ts";
import { type Block, type Item, plain, type Section, sectionsOf } from "../markdown/outline.ts";
import { readWorkDetails } from "../markdown/work-details.ts";
import { inSequence } from "../order.ts";
import { readReferences } from "../reference-text.ts";
import { statusOfBox } from "../status-words.ts";
import type { Source } from "./source.ts";
import { documentTitle } from "./task-sections.ts";

const ordered =
  /^(?:\p{Extended_Pictographic}\ufe0f?\s*)?(?:phase|step|day|week|stage|sprint|milestone|chunk|part|iteration)\s+\w|\bt-\d|\b(?:weeks?|days?|hours?|months?)\s+(?:before|after|out)\b|\b(?:pre|post)-launch\b|\blaunch day\b/iu;

export function readChecklist(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const draft = newDraft({
    source: "INLINE",
    title: documentTitle(sections, source),
    warnings: [...warnings],
    groupStatus: "always",
  });
  const counter = { next: 1 };
  for (const section of sections) readSection(section, draft, counter);
  nameDependencies(draft);
  if (draft.groups.length > 1 && draft.groups.every((group) => ordered.test(group.title))) inSequence(draft.groups, "D16");
  return draft;
}

function readSection(section: Section, draft: Draft, counter: { next: number }): void {
  const kind = criteriaKind(section);
  let group: DraftGroup | undefined;
  const open = (): DraftGroup | undefined => {
    if (group || section.level < 2) return group;
    group = newGroup({
      displayId: plain(section.title).slice(0, 80) || String(draft.groups.length + 1),
      title: plain(section.title),
      sourceLine: section.line,
    });
    draft.groups.push(group);
    return group;
  };
  const walk = (blocks: Block[], parent: DraftTask | undefined): void => {
    for (const block of blocks) {
      if (block.kind === "quote") walk(block.blocks, parent);
      if (block.kind !== "list") continue;
      for (const item of block.items) {
        if (item.box === undefined) walk(item.blocks, parent);
        else if (kind) draft.criteria.push(criterionOf(item, `c${draft.criteria.length + 1}`, kind === "anti"));
        else {
          const task = readBox(item, `task-${String(counter.next++).padStart(3, "0")}`);
          const holder = parent?.group ?? open();
          if (holder) task.group = holder;
          if (parent) task.parentTask = parent;
          draft.tasks.push(task);
          walk(item.blocks, task);
        }
      }
    }
  };
  walk(section.blocks, undefined);
}

const writtenId = /^(?:\*\*|`)?([A-Z]{1,10}-?\d+(?:[.-]\d+)*[a-z]?|\d+(?:\.\d+)+)(?:\*\*|`)?\s*[:.)—–-]?\s+(?=\S)/;

function readBox(item: Item, defaultId: string): DraftTask {
  const id = writtenId.exec(item.text);
  const body = id ? item.text.slice(id[0].length) : item.text;
  const task = newTask({
    displayId: id?.[1] ?? defaultId,
    title: plain(body) || plain(item.text) || defaultId,
    sourceLine: item.line,
    sourceEndLine: item.endLine,
    status: statusOfBox(item.box) ?? "pending",
    statusSources: [{ where: "checkbox", line: item.line, says: item.box ?? "" }],
    ...(item.starred && { optional: true }),
  });
  readWorkDetails(task, [], item);
  const inline = /\((?:after|needs|depends on|blocked by):?\s+([^)]+)\)|\b(?:needs|after):\s*([\w., -]+)$/i.exec(item.text);
  const field = fieldNamed(fieldsOf(item.blocks), "depends on", "dependencies", "depends", "needs", "after");
  const written = field?.value ?? inline?.[1] ?? inline?.[2];
  if (written !== undefined) {
    task.listsDependencies = true;
    task.waits.push({ to: written, kind: "explicit", rule: "written", line: field?.line ?? item.line });
  }
  return task;
}

/** Dependency texts name ids, or titles of other boxes. */
function nameDependencies(draft: Draft): void {
  const known = draft.tasks.map((task) => task.displayId);
  const byTitle = new Map(draft.tasks.map((task) => [task.title.toLowerCase(), task]));
  for (const task of draft.tasks) {
    task.waits = task.waits.flatMap((wait) => {
      if (typeof wait.to !== "string") return [wait];
      const titled = byTitle.get(plain(wait.to).toLowerCase());
      if (titled && titled !== task) return [{ ...wait, to: titled }];
      return readReferences(wait.to, known).names.map((to) => ({ ...wait, to }));
    });
  }
}
