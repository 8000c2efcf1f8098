/**
 * PRPs and feature PRDs: one document with context, blueprint, tasks and checks. The tasks stand in one of several places; the first that has
 * any is taken, since the others repeat them. Every box outside the tasks is a criterion. Tasks are in order unless they name others (D10).
 */
import { type Draft, type DraftTask, newDraft, newTask } from "../draft.ts";
import { criterionOf, namesCriteria } from "../markdown/criteria.ts";
import { type Fence, type Item, itemsOf, plain, type Section, sectionsOf } from "../markdown/outline.ts";
import { pathsIn, readWorkDetails } from "../markdown/work-details.ts";
import { inSequence } from "../order.ts";
import { readReferences } from "../reference-text.ts";
import { HeadingGroups, numberedHeading } from "./heading-groups.ts";
import { promisesWork, readWorkList } from "./numbered-list.ts";
import type { Source } from "./source.ts";
import { isTaskTable, readStatusTables } from "./status-table.ts";
import { documentTitle, readTaskSections, taskOfHeading } from "./task-sections.ts";

export function readPrp(source: Source): Draft {
  const sections = [...sectionsOf(source.outline.root)];
  const draft = tasksOf(source, sections);
  draft.source = "SPEC";
  if (draft.groups.length === 0) draft.groupStatus = "never";
  const steps = new Set(draft.tasks.flatMap((task) => [task.sourceLine, ...(task.steps ?? []).map((step) => step.line)]));
  draft.criteria = [];
  for (const section of sections) {
    for (const item of itemsOf(section.blocks)) if (item.box !== undefined && !steps.has(item.line)) addCriterion(draft, item);
    if (namesCriteria(section.title)) readSignedLines(section, draft);
  }
  return draft;
}

function tasksOf(source: Source, sections: Section[]): Draft {
  if (sections.some((section) => taskOfHeading(section.title))) return readTaskSections(source);
  const draft = newDraft({ source: "SPEC", title: documentTitle(sections, source), warnings: [...source.outline.warnings] });
  const fence = sections
    .filter((section) => /\b(?:list of tasks|implementation tasks|tasks to be completed)\b/i.test(section.title))
    .flatMap((section) => section.blocks)
    .find((block) => block.kind === "fence");
  if (fence?.kind === "fence") readFence(fence, draft);
  if (draft.tasks.length === 0) readTableOfPhases(source, sections, draft);
  if (draft.tasks.length === 0) readSteps(sections, draft);
  if (draft.tasks.length === 0) readActions(sections, draft);
  if (draft.tasks.length === 0) {
    const groups = new HeadingGroups(draft);
    for (const section of sections) if (promisesWork(section) && draft.tasks.length === 0) readWorkList(section, draft, groups);
    inSequence(draft.tasks, "D10");
  }
  return draft;
}

/** `Task 1: …` or `Task 1 - …:` inside a fence, then blocks such as `CREATE path:` and `- DEPENDENCIES: … Task 1`. */
function readFence(fence: Fence, draft: Draft): void {
  const bodies = new Map<DraftTask, string[]>();
  let body: string[] = [];
  for (const [index, line] of fence.text.split("\n").entries()) {
    const found = /^Task\s+(\d+(?:\.\d+)*[a-z]?)\s*[:.—–-]\s*(.*?):?\s*$/i.exec(line);
    if (!found?.[1]) {
      body.push(line);
      continue;
    }
    body = [];
    const task = newTask({ displayId: found[1], title: found[2] || `Task ${found[1]}`, sourceLine: fence.line + 1 + index });
    draft.tasks.push(task);
    bodies.set(task, body);
  }
  for (const [task, own] of bodies) {
    task.description = own.join("\n").trim();
    task.sourceEndLine = (task.sourceLine ?? 0) + own.length;
    const paths = (verb: RegExp) =>
      own.flatMap((line) => (verb.test(line) ? pathsIn(line.replace(verb, "").replace(/:\s*$/, "")) : []));
    task.files = {
      create: paths(/^\s*-?\s*CREATE\s+/),
      modify: paths(/^\s*-?\s*(?:MODIFY|UPDATE|EDIT)\s+/),
      delete: paths(/^\s*-?\s*DELETE\s+/),
    };
    for (const line of own) {
      const depends = /^\s*-\s*DEPENDENCIES:\s*(.*)$/i.exec(line)?.[1];
      for (const [, id = ""] of (depends ?? "").matchAll(/\bTasks?\s+(\d+(?:\.\d+)*)/gi)) {
        task.listsDependencies = true;
        task.waits.push({
          to: id,
          kind: "explicit",
          rule: "DEPENDENCIES",
          ...(task.sourceLine !== undefined && { line: task.sourceLine }),
        });
      }
      const check = /^\s*-\s*VALIDATE:\s*(.*)$/.exec(line)?.[1];
      if (check)
        task.verification.push({
          id: `${task.displayId}.c${task.verification.length + 1}`,
          criterion: plain(check),
          test: "manual",
          method: "task check",
        });
    }
  }
  inSequence(draft.tasks, "D10");
}

/** `# | Phase | Description | Status | Parallel | Depends | PRP Plan`: only the Depends column orders (D11). */
function readTableOfPhases(source: Source, sections: Section[], draft: Draft): void {
  const found = sections.some((section) =>
    section.blocks.some(
      (block) => block.kind === "table" && isTaskTable(block) && block.header.some((cell) => /^depends/i.test(plain(cell))),
    ),
  );
  if (found) draft.tasks.push(...readStatusTables(source).tasks);
}

/** `### Step 1: …` below an implementation heading. */
function readSteps(sections: Section[], draft: Draft): void {
  const steps = sections.filter(
    (section) =>
      numberedHeading(section.title)?.word === "step" &&
      /\b(?:implementation|blueprint|tasks?|steps|plan)\b/i.test(section.parent?.title ?? ""),
  );
  for (const section of steps)
    addSectionTask(section, numberedHeading(section.title)?.id ?? "", numberedHeading(section.title)?.title ?? "", draft);
  inSequence(draft.tasks, "D10");
}

/** `### CREATE path:` and `[UPDATE] path:` headings of story PRPs. */
function readActions(sections: Section[], draft: Draft): void {
  for (const section of sections) {
    const found = /^\[?(CREATE|UPDATE|MODIFY|ADD|REMOVE|DELETE|REFACTOR|MIRROR)\]?\s+(.+?):?$/.exec(plain(section.title));
    if (found)
      addSectionTask(
        section,
        `task-${String(draft.tasks.length + 1).padStart(3, "0")}`,
        plain(section.title).replace(/:$/, ""),
        draft,
      );
  }
  inSequence(draft.tasks, "D10");
}

function addSectionTask(section: Section, id: string, title: string, draft: Draft): void {
  const task = newTask({ displayId: id, title, sourceLine: section.line, sourceEndLine: section.endLine });
  readWorkDetails(
    task,
    [...sectionsOf(section)].flatMap((part) => part.blocks),
  );
  const depends = /\bdepends on:?\s*\**\s*(.+)$/im.exec(task.description ?? "")?.[1];
  for (const to of depends ? readReferences(depends).names : []) {
    task.listsDependencies = true;
    task.waits.push({ to, kind: "explicit", rule: "written", line: section.line });
  }
  draft.tasks.push(task);
}

function addCriterion(draft: Draft, item: Item): void {
  draft.criteria.push(criterionOf(item, `c${draft.criteria.length + 1}`));
}

/** "✅ …" lines below Success Criteria are goals, not marks of what is done. Plain bullets there are goals too. */
function readSignedLines(section: Section, draft: Draft): void {
  for (const block of section.blocks) {
    if (block.kind === "list")
      for (const item of block.items)
        if (item.box === undefined)
          draft.criteria.push({ ...criterionOf(item, `c${draft.criteria.length + 1}`), method: "plain bullet" });
    if (block.kind !== "paragraph") continue;
    for (const { text, line } of block.lines) {
      const goal = /^✅\s*(.+)$/u.exec(text)?.[1];
      if (goal) draft.criteria.push({ id: `c${draft.criteria.length + 1}`, criterion: plain(goal), test: "manual", line });
    }
  }
}
