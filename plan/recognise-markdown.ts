import { bulletSections } from "./formats/bullets.ts";
import { iscLine } from "./formats/isc.ts";
import { numberedBox } from "./formats/numbered-boxes.ts";
import { promisesWork } from "./formats/numbered-list.ts";
import type { Source } from "./formats/source.ts";
import { isTaskTable } from "./formats/status-table.ts";
import { taskOfHeading } from "./formats/task-sections.ts";
import { todoItems } from "./formats/todo-list.ts";
import { criteriaKind } from "./markdown/criteria.ts";
import { type Item, itemsOf, plain, type Section, sectionsOf, withoutLeadingSigns } from "./markdown/outline.ts";
import type { Recognised } from "./recognised.ts";

/** What the rules look at, gathered once. */
type Evidence = {
  source: Source;
  sections: Section[];
  items: Item[];
  boxes: Item[];
  workBoxes: number;
  title: string;
  front: Record<string, unknown>;
};

type Rule = (evidence: Evidence) => Recognised | undefined;

/** What a markdown file can be. The checklist is always among it, so that there is a reader for anything. */
export function markdownCandidates(source: Source): Recognised[] {
  const sections = [...sectionsOf(source.outline.root)];
  const items = sections.flatMap((section) => [...itemsOf(section.blocks)]);
  const inCriteria = new Set(
    sections.filter((section) => criteriaKind(section) !== undefined).flatMap((section) => [...itemsOf(section.blocks)]),
  );
  const boxes = items.filter((item) => item.box !== undefined);
  const evidence: Evidence = {
    source,
    sections,
    items,
    boxes,
    workBoxes: boxes.filter((item) => !inCriteria.has(item)).length,
    title: sections.find((section) => section.level === 1)?.title ?? "",
    front: source.frontMatter.data ?? {},
  };
  return rules.map((rule) => rule(evidence)).filter((found) => found !== undefined);
}

const count = (sections: Section[], pattern: RegExp) =>
  sections.filter((section) => pattern.test(plain(withoutLeadingSigns(section.title)))).length;

const gsdPlan: Rule = ({ source, sections, front }) => {
  const elements = /^\s{0,3}<(?:task|feature)\b[^>]*>/m.test(source.text.text);
  if (elements && (front.plan !== undefined || /PLAN\.md$/i.test(source.name)))
    return { name: "gsd-plan", variant: "xml", confidence: 0.97, why: "front matter of a plan and <task> elements" };
  const numbered = sections.some(
    (section) => /^\d+\.\s|^Task\s+\d/.test(section.title) && /^tasks$/i.test(plain(section.parent?.title ?? "")),
  );
  return /(?:^|-)PLAN\.md$/i.test(source.name) && numbered
    ? { name: "gsd-plan", variant: "markdown", confidence: 0.86, why: "a PLAN.md with numbered headings below Tasks" }
    : undefined;
};

const gsd2: Rule = ({ title, boxes, sections }) => {
  const kind = /^([MST])\d{2,3}\s*:/.exec(title)?.[1];
  const entries = boxes.filter((item) => /^(?:\*\*)?[ST]\d+\s*[:—–-]/.test(item.text)).length;
  const headings = count(sections, /^[ST]\d+\s*[:—–-]\s[^→]*$/);
  if (kind === undefined || (kind !== "T" && entries + headings === 0)) return undefined;
  const variant = { M: "roadmap", S: "slice plan", T: "task plan" }[kind as "M" | "S" | "T"];
  return { name: "gsd-2", variant, confidence: 0.96, why: `a heading ${title.split(":")[0]} and ${entries} entries` };
};

const gsdRoadmap: Rule = ({ source, sections, items, boxes, title }) => {
  const heads = count(sections, /^Phase\s+(?:[A-Z]{1,6}-)?\d/i);
  const listed = boxes.filter((item) => /^(?:\*\*)?Phase\s+\S*\d/i.test(item.text)).length;
  const plans = items.filter((item) =>
    /^(?:\*\*|`)?(?:[A-Z]{1,6}-)?\d+[a-z]?(?:\.\d+)*-\d+[a-z]?(?:-PLAN|\*\*|:|\s)/i.test(item.text),
  ).length;
  const fields = sections.filter(
    (section) =>
      /^Phase\s/i.test(plain(withoutLeadingSigns(section.title))) &&
      /^\*\*(?:Goal|Depends on|Plans|Requirements)\b/im.test(paragraphs(section)),
  ).length;
  const named = /roadmap/i.test(source.name) || /roadmap/i.test(title);
  if (heads + listed === 0 || (plans === 0 && !(named && (listed > 0 || fields > 0)))) return undefined;
  return { name: "gsd-roadmap", confidence: plans > 0 ? 0.95 : 0.85, why: `${heads + listed} phases and ${plans} plan lines` };
};

const specKit: Rule = ({ boxes }) => {
  const found = boxes.filter((item) => /^T\d{3}[a-z]?\b/.test(item.text)).length;
  return found > 0 ? { name: "spec-kit", confidence: found > 1 ? 0.96 : 0.8, why: `${found} tasks such as T001` } : undefined;
};

const numberedBoxes: Rule = ({ boxes, sections, workBoxes }) => {
  const found = boxes.filter((item) => numberedBox.test(item.text)).length;
  if (found === 0 || found < workBoxes / 2) return undefined;
  const grouped = count(sections, /^\d+[.)]\s/) > 0;
  return { name: "numbered-boxes", variant: grouped ? "openspec" : "kiro", confidence: 0.9, why: `${found} numbered boxes` };
};

const backlogTask: Rule = ({ front, source }) => {
  const fields = ["id", "title", "status"].filter((name) => front[name] !== undefined).length;
  const broken =
    source.frontMatter.error !== undefined &&
    /(?:^|\n)(?:parent_task_id|created_date|assignee):/.test(source.text.text) &&
    /^id:/m.test(source.text.text);
  if (broken) return { name: "backlog-md", confidence: 0.9, why: "front matter of a task" };
  return fields === 3 && (front.created_date !== undefined || front.assignee !== undefined || front.dependencies !== undefined)
    ? { name: "backlog-md", confidence: 0.95, why: "front matter of a task" }
    : undefined;
};

const cursorPlan: Rule = ({ front }) =>
  front.todos !== undefined && todoItems(front)
    ? { name: "todo-list", variant: "cursor", confidence: 0.95, why: "todos in the front matter" }
    : undefined;

const isc: Rule = ({ boxes, source, workBoxes }) => {
  const found = boxes.filter((item) => iscLine.test(item.text)).length;
  if (found > 0 && found >= workBoxes / 2) return { name: "isc", confidence: 0.95, why: `${found} ideal-state criteria` };
  const examples = source.text.text.match(/^\s*- \[[ xX]\] ISC-/gm)?.length ?? 0;
  return examples > 0 && workBoxes === 0
    ? { name: "isc", variant: "specification", confidence: 0.7, why: "ideal-state criteria as examples" }
    : undefined;
};

const prpHeading =
  /^(?:all needed context|context for ai agent|implementation blueprint|validation (?:loop|gates|commands)|final (?:validation )?checklist|quality checklist|confidence score|step-by-step tasks|not building|list of tasks|task breakdown|success definition|research findings|implementation tasks|desired codebase tree|known gotchas)/i;

const prp: Rule = ({ sections, source, title }) => {
  const found = count(sections, prpHeading);
  const named = /\bPRPs?\b/i.test(title) || /(?:^|[-_./])PRPs?(?:[-_./]|$)/i.test(source.name) || /^PRPs?\//i.test(source.file);
  return found + (named ? 1 : 0) >= 2
    ? { name: "prp", confidence: Math.min(0.88 + found * 0.01, 0.94), why: `${found} headings of a PRP` }
    : undefined;
};

const taskSections: Rule = ({ sections }) => {
  const found = sections.filter((section) => taskOfHeading(section.title)).length;
  return found > 0 ? { name: "task-sections", confidence: 0.87, why: `${found} headings that name tasks` } : undefined;
};

const checklist: Rule = ({ workBoxes }) => ({
  name: "checklist",
  confidence: workBoxes > 0 ? 0.8 : 0.1,
  why: `${workBoxes} checkboxes`,
});

const statusTable: Rule = ({ sections }) => {
  const found = sections
    .flatMap((section) => section.blocks)
    .filter((block) => block.kind === "table" && isTaskTable(block)).length;
  return found > 0 ? { name: "status-table", confidence: 0.6, why: `${found} tables with a status column` } : undefined;
};

const numberedList: Rule = ({ sections }) => {
  const found = sections.filter((section) => criteriaKind(section) === undefined && promisesWork(section)).length;
  return found > 0
    ? { name: "numbered-list", confidence: 0.55, why: `${found} numbered lists under headings that promise work` }
    : undefined;
};

const bullets: Rule = ({ sections }) =>
  bulletSections(sections).length > 0
    ? { name: "bullets", confidence: 0.4, why: "bullets of a document that calls itself a checklist" }
    : undefined;

const rules: Rule[] = [
  gsdPlan,
  gsd2,
  gsdRoadmap,
  specKit,
  numberedBoxes,
  backlogTask,
  cursorPlan,
  isc,
  prp,
  taskSections,
  checklist,
  statusTable,
  numberedList,
  bullets,
];

function paragraphs(section: Section): string {
  return section.blocks.flatMap((block) => (block.kind === "paragraph" ? block.lines.map((line) => line.text) : [])).join("\n");
}
