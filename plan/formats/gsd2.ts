/**
 * GSD-2: `M001-ROADMAP.md` holds slices that depend on each other only where `depends:[…]` says so (D4), `S01-PLAN.md` holds tasks in order
 * (D5), `T01-PLAN.md` is one task.
 */
import { type Draft, type DraftTask, newDraft, newTask } from "../draft.ts";
import { criterionOf } from "../markdown/criteria.ts";
import { fieldNamed, fieldsOf } from "../markdown/fields.ts";
import { type Item, itemsOf, plain, type Section, sectionsOf } from "../markdown/outline.ts";
import { readWorkDetails, setEstimate } from "../markdown/work-details.ts";
import { inSequence } from "../order.ts";
import { readReferences } from "../reference-text.ts";
import { statusOfBox } from "../status-words.ts";
import type { Source } from "./source.ts";

const entry = /^(?:\*\*)?([ST]\d+)\s*[:—–-]\s*(.*?)(?:\*\*)?\s*((?:`[^`]*`\s*)*)$/;

export function readGsd2(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const heading = plain(sections.find((section) => section.level === 1)?.title ?? source.name);
  const [, ownId = "", title = heading] = /^([MST]\d+)\s*:\s*(?:[MST]\d+:\s*)?(.*)$/.exec(heading) ?? [];
  const draft = newDraft({
    source: "ROADMAP",
    title: title || heading,
    warnings: [...warnings],
    groupStatus: "never",
    isExternal: (name) => /^[MST]\d+/i.test(name),
  });
  const vision = fieldNamed(fieldsOf(sections.flatMap((section) => section.blocks)), "vision", "goal")?.value;
  if (vision) draft.goal = plain(vision);
  if (ownId.startsWith("T")) readSingleTask(draft, ownId, title, sections);
  else readEntries(draft, sections);
  return draft;
}

function readEntries(draft: Draft, sections: Section[]): void {
  const slices = sections.filter((section) => /^(?:slices|tasks)\b/i.test(plain(section.title)));
  for (const section of slices) {
    for (const item of itemsOf(section.blocks)) if (item.box !== undefined) addEntry(draft, item);
    for (const child of section.children) addHeading(draft, child);
  }
  const isPlan = draft.tasks.some((task) => task.displayId.startsWith("T"));
  const known = draft.tasks.map((task) => task.displayId);
  for (const task of draft.tasks) {
    task.waits = task.waits.flatMap((wait) =>
      typeof wait.to === "string" ? readReferences(wait.to, known).names.map((to) => ({ ...wait, to })) : [wait],
    );
  }
  if (isPlan) inSequence(draft.tasks, "D5");
  addMustHaves(draft, sections, "must have");
}

function addEntry(draft: Draft, item: Item): void {
  const found = entry.exec(item.text);
  if (!found?.[1]) return;
  const task = newTask({
    displayId: found[1],
    title: plain(found[2] ?? "") || found[1],
    sourceLine: item.line,
    sourceEndLine: item.endLine,
    status: statusOfBox(item.box) ?? "pending",
    statusSources: [{ where: "checkbox", line: item.line, says: item.box ?? "" }],
  });
  readTags(task, found[3] ?? "", item.line);
  readWorkDetails(task, [], item);
  for (const block of item.blocks) {
    if (block.kind !== "quote") continue;
    const after = fieldNamed(fieldsOf(block.blocks), "after this");
    if (after)
      task.verification.push({ id: `${task.displayId}.c1`, criterion: plain(after.value), test: "manual", line: after.line });
  }
  draft.tasks.push(task);
}

/** `## S01: Title` and `### S01 — Title` with fields below; `### S01 → S02` of a boundary map is none. */
function addHeading(draft: Draft, section: Section): void {
  const found = /^([ST]\d+)\s*[:—–-]\s+([^→]+)$/.exec(plain(section.title));
  if (!found?.[1] || draft.tasks.some((task) => task.displayId === found[1])) return;
  const task = newTask({
    displayId: found[1],
    title: found[2] ?? found[1],
    sourceLine: section.line,
    sourceEndLine: section.endLine,
  });
  const fields = fieldsOf(section.blocks);
  const depends = fieldNamed(fields, "depends", "depends on");
  if (depends) {
    task.listsDependencies = true;
    task.waits.push({ to: depends.value, kind: "explicit", rule: "depends", line: depends.line });
  }
  const risk = fieldNamed(fields, "risk")?.value;
  if (risk) task.risks = [plain(risk)];
  readWorkDetails(task, section.blocks);
  draft.tasks.push(task);
}

function readTags(task: DraftTask, tags: string, line: number): void {
  for (const [, name = "", value = ""] of tags.matchAll(/`(\w+):\s*([^`]*)`/g)) {
    if (name === "est") setEstimate(task, value);
    else if (name === "risk") task.risks = [value];
    else if (name === "depends") {
      task.listsDependencies = true;
      task.waits.push({ to: value, kind: "explicit", rule: "depends", line });
    } else task.extra = { ...task.extra, [name]: value };
  }
}

function readSingleTask(draft: Draft, id: string, title: string, sections: Section[]): void {
  const description = sections.find((section) => /^description$/i.test(section.title));
  const files = sections.find((section) => /^files\b/i.test(section.title));
  const task = newTask({ displayId: id, title, sourceLine: sections.find((section) => section.level === 1)?.line ?? 1 });
  readWorkDetails(task, description?.blocks ?? sections[1]?.blocks ?? []);
  if (files) task.files = { modify: [...itemsOf(files.blocks)].map((item) => plain(item.text).replace(/`/g, "")) };
  draft.tasks.push(task);
  addMustHaves(draft, sections);
}

function addMustHaves(draft: Draft, sections: Section[], method?: string): void {
  for (const section of sections) {
    if (!/^must[- ]haves?$/i.test(plain(section.title))) continue;
    for (const item of itemsOf(section.blocks)) {
      const criterion = criterionOf(item, `c${draft.criteria.length + 1}`);
      draft.criteria.push(method !== undefined && item.box === undefined ? { ...criterion, method } : criterion);
    }
  }
}
