/**
 * GSD ROADMAP.md: phases as headings, as a checklist and in a progress table; plans as lines `01-02: …` below a phase. Whatever the three
 * places say about a phase is kept as its status sources.
 */
import { type Draft, type DraftGroup, newDraft, newGroup } from "../draft.ts";
import { readEstimate } from "../estimate-text.ts";
import { criterionOf } from "../markdown/criteria.ts";
import { type Field, fieldNamed, fieldsOf } from "../markdown/fields.ts";
import { type Block, type Item, itemsOf, plain, type Section, sectionsOf, withoutLeadingSigns } from "../markdown/outline.ts";
import { compareIds, inSequence } from "../order.ts";
import { readReferences } from "../reference-text.ts";
import { statusOfBox, statusOfWord } from "../status-words.ts";
import { readDependencySentences } from "./gsd-dependency-sentences.ts";
import { normalId, phaseId } from "./gsd-phase-id.ts";
import { readPlanLines } from "./gsd-plan-lines.ts";
import { readProgressTables } from "./gsd-progress-table.ts";
import type { Source } from "./source.ts";

const heading = new RegExp(`^Phase\\s+${phaseId}\\s*(?:[:.—–-]\\s*(.*))?$`, "i");

export function readGsdRoadmap(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const title = plain(sections.find((section) => section.level === 1)?.title ?? source.name);
  const draft = newDraft({
    source: "ROADMAP",
    title: title.replace(/^(?:Roadmap|Milestone)\s*[:—–-]\s*/i, ""),
    warnings: [...warnings],
    standIns: true,
    groupStatus: "own",
  });
  draft.archived = /\barchived?\b/i.test(title) || /^\*?archived:/im.test(source.text.text);
  draft.isExternal = (name) => /^v\d/i.test(name) || /-/.test(name);
  const phases = new Map<string, DraftGroup>();

  for (const section of sections) readPhaseList(section, phases);
  for (const section of sections) {
    const found = phaseHeading(section);
    if (found) readPhase(section, found, phases, draft);
  }
  draft.groups = [...phases.values()].sort((a, b) => compareIds(a.displayId, b.displayId));
  for (const section of sections)
    for (const block of section.blocks) if (block.kind === "table") readProgressTables(block, draft);
  for (const section of sections) readDependencySentences(section, draft);
  readMilestones(sections, draft);
  settleStatuses(draft);
  resolveAllPrevious(draft);
  inSequence(draft.groups, "D1");
  return draft;
}

function phaseHeading(section: Section): { id: string; name: string } | undefined {
  const found = heading.exec(plain(withoutLeadingSigns(section.title)));
  return found?.[1] ? { id: normalId(found[1]), name: (found[2] ?? "").trim() } : undefined;
}

function readPhaseList(section: Section, phases: Map<string, DraftGroup>): void {
  for (const item of itemsOf(section.blocks)) {
    if (item.box === undefined) continue;
    const found = new RegExp(`^(?:\\*\\*|__)?Phase\\s+${phaseId}\\s*[:.—–-]\\s*(.+)$`, "i").exec(item.text);
    if (!found?.[1]) continue;
    const [name = "", ...rest] = (found[2] ?? "").split(/\*\*|__|\s+[—–-]\s+/);
    const group = groupFor(phases, normalId(found[1]), plain(name.replace(/\(\d+\/\d+ plans?\)/i, "")), item.line);
    const status = statusOfBox(item.box) ?? "pending";
    group.statusSources = [...(group.statusSources ?? []), { where: "phase list", line: item.line, says: status }];
    group.goal ??= plain(rest.join(" ").replace(/^[\s—–-]+/, "")) || undefined;
    noteDependencyIn(item, group);
  }
}

function noteDependencyIn(item: Item, group: DraftGroup): void {
  const depends = fieldNamed(fieldsOf(item.blocks), "depends on", "depends", "dependencies");
  if (depends) addDependencies(group, depends);
}

function groupFor(phases: Map<string, DraftGroup>, id: string, title: string, line: number): DraftGroup {
  const known = phases.get(id.toLowerCase());
  if (known) return known;
  const group = newGroup({ displayId: id, title: title || `Phase ${id}`, sourceLine: line });
  phases.set(id.toLowerCase(), group);
  return group;
}

function readPhase(section: Section, found: { id: string; name: string }, phases: Map<string, DraftGroup>, draft: Draft): void {
  const group = groupFor(phases, found.id, cleanName(found.name), section.line);
  group.sourceLine = section.line;
  const duration = /\((?:.*,\s*)?(~?\d[\d.]*\s*[a-z]+(?:\s+\d+[a-z]+)?)\)\s*$/i.exec(found.name)?.[1];
  const estimate = duration && readEstimate(duration);
  if (estimate) group.estimate = estimate;
  if (found.name) group.title = cleanName(found.name);

  const own = ownBlocks(section);
  const fields = fieldsOf(own);
  const goal = fieldNamed(fields, "goal", "objective")?.value;
  if (goal) group.goal = plain(goal);
  const mode = fieldNamed(fields, "mode")?.value;
  if (mode) group.mode = plain(mode);
  const status = fieldNamed(fields, "status");
  if (status) noteStatus(group, "status field", status.line, status.value, draft);
  const headingStatus =
    /[—–-]\s*(complete|shipped|done|in progress|not started)\b/i.exec(found.name)?.[1] ??
    (/✅/u.test(section.title) ? "complete" : undefined);
  if (headingStatus) noteStatus(group, "heading", section.line, headingStatus, draft);
  const depends = fieldNamed(fields, "depends on", "dependencies", "depends", "dependency");
  if (depends) addDependencies(group, depends);
  group.statusSources ??= [];

  const criteriaLists = readCriteria(section, fields, group);
  readPlanLines(section, own, group, criteriaLists, draft);
}

/** Blocks of a phase section and of its sub-headings, up to the next phase. */
function ownBlocks(section: Section): Block[] {
  return [section.blocks, ...section.children.filter((child) => !phaseHeading(child)).map(ownBlocks)].flat();
}

function cleanName(name: string): string {
  return plain(name.replace(/\((?:INSERTED|\d+ plans?\b[^)]*)\)/i, "").replace(/[✅🚧📋✓]/gu, ""));
}

function addDependencies(group: DraftGroup, field: Field): void {
  group.listsDependencies = true;
  const written = readReferences(field.value);
  if (written.allPrevious) group.waits.push({ to: "*previous*", kind: "explicit", rule: "written", line: field.line });
  for (const name of written.names) group.waits.push({ to: normalId(name), kind: "explicit", rule: "written", line: field.line });
  if (written.prose && /^v\d/i.test(written.prose))
    group.waits.push({ to: written.prose, kind: "external", rule: "written", line: field.line });
}

/** "All previous phases" means every phase before this one by number. */
function resolveAllPrevious(draft: Draft): void {
  for (const [index, group] of draft.groups.entries()) {
    const all = group.waits.find((wait) => wait.to === "*previous*");
    if (!all) continue;
    group.waits = [
      ...group.waits.filter((wait) => wait !== all),
      ...draft.groups.slice(0, index).map((before) => ({ ...all, to: before })),
    ];
  }
}

function noteStatus(group: DraftGroup, where: string, line: number, says: string, draft: Draft): void {
  group.statusSources = [...(group.statusSources ?? []), { where, line, says: says.trim() }];
  if (statusOfWord(says) === undefined) {
    draft.warnings.push({
      code: "unknown-status",
      line,
      text: `Phase ${group.displayId} has the status "${says}", which is not known; it counts as pending.`,
    });
  }
}

function readCriteria(section: Section, fields: Field[], group: DraftGroup): Set<Item> {
  const items = new Set<Item>();
  const take = (list: Iterable<Item>) => {
    for (const item of list) {
      if (items.has(item)) continue;
      items.add(item);
      group.criteria.push(criterionOf(item, `${group.displayId}.c${group.criteria.length + 1}`));
    }
  };
  for (const field of fields)
    if (/^(?:success criteria|acceptance criteria|deliverables|must[- ]haves?|exit criteria)\b/.test(field.name) && field.list)
      take(field.list.items);
  for (const child of section.children) {
    if (!/\b(?:success|acceptance|exit) criteria\b|\bdeliverables\b/i.test(child.title)) continue;
    for (const block of child.blocks) if (block.kind === "list") take(block.items);
  }
  return items;
}

/**
 * The phase's own words win over the table. An open box is no statement against the table, since it is often forgotten; a status written in
 * words is.
 */
function settleStatuses(draft: Draft): void {
  for (const group of draft.groups) {
    const sources = (group.statusSources ?? []).map((source) => ({
      ...source,
      status: statusOfWord(source.says) ?? ("pending" as const),
    }));
    const words = sources.filter((source) => source.where === "status field" || source.where === "heading");
    const boxDone = sources.some((source) => source.where === "phase list" && source.status === "done");
    const table = sources.filter((source) => source.where === "progress table").at(-1);
    const inWords = words.at(-1)?.status;
    group.status = boxDone ? "done" : (inWords ?? (table?.status === "done" ? "done" : undefined) ?? table?.status ?? "pending");
    const saidDone = sources.filter((source) => source.status === "done");
    const saidOpen = sources.filter((source) => source.status !== "done");
    if (saidDone.length > 0 && saidOpen.length > 0) {
      const tell = (list: typeof sources) =>
        list.map((source) => `${source.where}${source.line ? ` (line ${source.line})` : ""}: ${source.says}`).join(", ");
      draft.warnings.push({
        code: "status-conflict",
        ...(saidDone[0]?.line !== undefined && { line: saidDone[0].line }),
        text: `Phase ${group.displayId} contradicts itself: ${tell(saidDone)}; ${tell(saidOpen)}.`,
      });
    }
  }
}

function readMilestones(sections: Section[], draft: Draft): void {
  for (const section of sections) {
    const found = /^(?:[^\p{L}\d]*)(?:Current |Completed )?Milestone:?\s+(.+)$/iu.exec(plain(section.title));
    if (found?.[1]) draft.milestones.push({ id: `milestone-${draft.milestones.length + 1}`, title: found[1] });
  }
}
