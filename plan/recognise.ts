/** Which format a file is in. Every candidate states its confidence and why; the most confident one reads the file unless a name is given. */
import type { Recognised } from "./assemble.ts";
import { readers } from "./formats/readers.ts";
import { isRecord, records } from "./formats/record.ts";
import type { Source } from "./formats/source.ts";
import { taskOfHeading } from "./formats/task-sections.ts";
import { itemsOf, sectionsOf } from "./markdown/outline.ts";
import { PlanError } from "./plan-error.ts";

/** The format of a file; `wanted` overrides what is found. */
export function recognise(source: Source, wanted?: string): Recognised {
  if (wanted !== undefined) {
    if (readers[wanted]) return { name: wanted, confidence: 1, why: "asked for" };
    throw new PlanError([
      {
        code: "unknown-format",
        message: `There is no format "${wanted}".`,
        fix: `Use one of: ${Object.keys(readers).join(", ")}.`,
      },
    ]);
  }
  const found = looksStructured(source) ? structured(source) : markdown(source);
  return found.sort((a, b) => b.confidence - a.confidence)[0] as Recognised;
}

function looksStructured(source: Source): boolean {
  if (["json", "yaml", "yml"].includes(source.extension)) return true;
  return !source.extension.startsWith("m") && /^\s*[[{]/.test(source.text.text);
}

function structured(source: Source): Recognised[] {
  const data = source.extension.startsWith("y") ? source.yaml().value : source.json;
  const tasks = isRecord(data) ? records(data.tasks) : records(data);
  return [{ name: "task-list", confidence: tasks.length > 0 ? 0.8 : 0.3, why: `a list of ${tasks.length} tasks` }];
}

function markdown(source: Source): Recognised[] {
  const sections = [...sectionsOf(source.outline.root)];
  const items = sections.flatMap((section) => [...itemsOf(section.blocks)]);
  const boxes = items.filter((item) => item.box !== undefined);
  const phaseHeads = sections.filter((section) => /^\W*Phase\s+\d/i.test(section.title)).length;
  const phaseBoxes = boxes.filter((item) => /^(?:\*\*)?Phase\s+\d/i.test(item.text)).length;
  const planLines = items.filter((item) => /^(?:\*\*|`)?\d+[a-z]?(?:\.\d+)*-\d+(?:-PLAN|:|\s)/i.test(item.text)).length;
  const roadmap = /roadmap/i.test(source.name) || /roadmap/i.test(sections[1]?.title ?? "");
  const found: Recognised[] = [
    { name: "checklist", confidence: boxes.length > 0 ? 0.5 : 0.1, why: `${boxes.length} checkboxes` },
  ];
  if (phaseHeads + phaseBoxes > 0 && (planLines > 0 || roadmap)) {
    found.push({
      name: "gsd-roadmap",
      confidence: planLines > 0 ? 0.95 : 0.8,
      why: `${phaseHeads + phaseBoxes} phases and ${planLines} plan lines`,
    });
  }
  const taskHeads = sections.filter((section) => taskOfHeading(section.title)).length;
  if (taskHeads > 0) found.push({ name: "task-sections", confidence: 0.85, why: `${taskHeads} task headings` });
  return found;
}
