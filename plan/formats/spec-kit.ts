/**
 * spec-kit `tasks.md`: `- [ ] T001 [P] [US1] text path` below `## Phase N: …`. Phases follow each other unless the Dependencies section says
 * otherwise (D6); unmarked tasks are barriers, [P] tasks between them run together (D7), unless they write one file (D8).
 */
import { type Draft, type DraftGroup, newDraft, newGroup, newTask } from "../draft.ts";
import { criteriaKind, criterionOf } from "../markdown/criteria.ts";
import { fieldNamed, fieldsOf } from "../markdown/fields.ts";
import { ancestorsOf, type Item, itemsOf, plain, type Section, sectionsOf, withoutLeadingSigns } from "../markdown/outline.ts";
import { pathsIn, readWorkDetails, setPriority } from "../markdown/work-details.ts";
import { aroundParallel, byFile, inSequence } from "../order.ts";
import { statusOfBox } from "../status-words.ts";
import type { Source } from "./source.ts";
import { readSpecKitDependencies } from "./spec-kit-dependencies.ts";
import { documentTitle } from "./task-sections.ts";

const entry = /^(T\d+[a-z]?)\b[.:]?\s*(.*)$/s;
const phase = /^Phase\s+([\d.]+|[A-Z]|N)\s*[:.—–-]\s*(.*)$/i;

export function readSpecKit(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const draft = newDraft({
    source: "TASK_LIST",
    title: documentTitle(sections, source).replace(/^Tasks:\s*/i, ""),
    warnings: [...warnings],
  });
  const groups = new Map<Section, DraftGroup>();
  for (const section of sections) {
    const found = phase.exec(plain(withoutLeadingSigns(section.title)));
    if (found?.[1] && section.level === 2) groups.set(section, readPhase(section, found[1], found[2] ?? "", draft));
  }
  for (const section of sections) {
    const holder = [section, ...ancestorsOf(section)].find((candidate) => groups.has(candidate));
    for (const item of itemsOf(section.blocks)) readItem(item, section, holder && groups.get(holder), draft);
  }
  readSpecKitDependencies(sections, draft);
  inSequence(draft.groups, "D6");
  for (const group of [undefined, ...draft.groups]) {
    const own = draft.tasks.filter((task) => task.group === group);
    aroundParallel(own, "D7");
    byFile(
      own.filter((task) => task.parallel === "marked"),
      "D8",
    );
  }
  return draft;
}

function readPhase(section: Section, id: string, name: string, draft: Draft): DraftGroup {
  const priority = /\(Priority:\s*(P\d)\)/i.exec(name)?.[1];
  const group = newGroup({
    displayId: id,
    title: plain(name.replace(/\(Priority:[^)]*\)|[🎯⚠️].*$/giu, "")),
    sourceLine: section.line,
    ...(priority && { mode: priority }),
  });
  const fields = fieldsOf(section.blocks);
  const goal = fieldNamed(fields, "goal", "purpose")?.value;
  if (goal) group.goal = plain(goal);
  for (const field of fields) {
    if (!/^(?:independent test|checkpoint)$/.test(withoutLeadingSigns(field.name)) || field.value === "") continue;
    group.criteria.push({
      id: `${id}.c${group.criteria.length + 1}`,
      criterion: plain(field.value),
      test: "manual",
      line: field.line,
      method: "task check",
    });
  }
  if (
    section.blocks.some(
      (block) => block.kind === "paragraph" && block.lines.some(({ text }) => /\*\*[^*]*\bSKIPPED\b/.test(text)),
    )
  )
    group.status = "skipped";
  draft.groups.push(group);
  return group;
}

function readItem(item: Item, section: Section, group: DraftGroup | undefined, draft: Draft): void {
  if (item.box === undefined) {
    if (/^\[P\]\s+tasks?\b/i.test(item.text))
      draft.ignored.push({ lines: [item.line], why: "The legend of [P] is not a task.", lookalike: true });
    return;
  }
  const found = entry.exec(item.text);
  if (!found?.[1]) {
    const kind = criteriaKind(section);
    if (kind || /^CHK\d+/.test(item.text) || /checklist/i.test(section.title))
      draft.criteria.push(criterionOf(item, `c${draft.criteria.length + 1}`, kind === "anti"));
    else draft.ignored.push({ lines: [item.line], why: `"${plain(item.text)}" has no task id.`, lookalike: true });
    return;
  }
  const [marks, text] = splitMarks(found[2] ?? "");
  const task = newTask({
    displayId: found[1],
    title: plain(text) || found[1],
    parallel: marks.some((mark) => /^P$/i.test(mark)) ? "marked" : "unmarked",
    status: statusOfBox(item.box) ?? "pending",
    statusSources: [{ where: "checkbox", line: item.line, says: item.box }],
    sourceLine: item.line,
    sourceEndLine: item.endLine,
    files: { modify: pathsIn(text) },
    ...(group && { group }),
    ...(item.starred && { optional: true }),
  });
  const tags = marks.filter((mark) => !/^P$/i.test(mark)).flatMap((mark) => mark.split("/"));
  const story = tags.find((tag) => /^(?:US|Story)/i.test(tag));
  if (story) task.story = story;
  const requirements = tags.filter((tag) => /^[A-Z]{2,6}-\d+/.test(tag));
  if (requirements.length > 0) task.requirements = requirements;
  if (group?.mode) setPriority(task, group.mode);
  readWorkDetails(task, [], item);
  const depends = /\(depends on ([^)]*)\)/i.exec(text)?.[1];
  if (depends !== undefined) {
    task.listsDependencies = true;
    task.waits.push({ to: depends, kind: "explicit", rule: "written", line: item.line });
  }
  draft.tasks.push(task);
}

/** `[P] [US1]` before the text, and the full-width `（P）`. */
function splitMarks(text: string): [marks: string[], rest: string] {
  const marks: string[] = [];
  let rest = text;
  for (
    let found = /^(?:\[([^\]]{1,30})\]|[(（](P)[)）])\s*/.exec(rest);
    found;
    found = /^(?:\[([^\]]{1,30})\]|[(（](P)[)）])\s*/.exec(rest)
  ) {
    marks.push(found[1] ?? found[2] ?? "");
    rest = rest.slice(found[0].length);
  }
  return [marks, rest];
}
