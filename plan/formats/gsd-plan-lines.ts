import { type Draft, type DraftGroup, type DraftTask, newTask } from "../draft.ts";
import { namesCriteria } from "../markdown/criteria.ts";
import { fieldNamed, fieldsOf, readField } from "../markdown/fields.ts";
import { type Block, type Item, plain, type Section } from "../markdown/outline.ts";
import { readWorkDetails } from "../markdown/work-details.ts";
import { addImplied, compareIds, inSequence } from "../order.ts";
import { readReferences } from "../reference-text.ts";
import { statusOfBox } from "../status-words.ts";

const planLine =
  /^(?:\*\*|`)?((?:[A-Z]{1,6}-)?\d+[A-Za-z]?(?:\.\d+)*-\d+[a-z]?)(?:-PLAN(?:\.md)?)?(?:\*\*|`)?\s*(?:[:：—–-]\s*|\s+|$)(?:\*\*)?\s*(.*)$/;
const placeholder = /^\[?(?:TBD|TODO|To be (?:planned|determined|decided))\b|^\[[A-Z][^\]]*\]$/i;
const notWork =
  /^(?:accomplishments?|deliverables|success criteria|notes?|details|decisions|issues|research flags|avoids|delivers|cross-cutting constraints|user[- ]?story|ui hint)$/;

type Collected = { item: Item; wave?: number };

/** The plans of a phase: lines with a plan id anywhere in it, or boxes below "Plans:" that have none. */
export function readPlanLines(section: Section, blocks: Block[], group: DraftGroup, criteria: Set<Item>, draft: Draft): void {
  const collected: Collected[] = [];
  collect(blocks, collected, { criteria });
  for (const child of section.children)
    if (namesCriteria(child.title))
      for (const block of child.blocks) if (block.kind === "list") for (const item of block.items) criteria.add(item);

  const tasks: { task: DraftTask; wave: number | undefined }[] = [];
  for (const { item, wave } of collected) {
    const found = planLine.exec(item.text);
    if (!found && (item.box === undefined || criteria.has(item))) continue;
    if (placeholder.test(found ? (found[2] ?? "") : item.text)) {
      draft.ignored.push({ lines: [item.line], why: `"${plain(item.text)}" is a placeholder, not a plan.`, lookalike: true });
      continue;
    }
    tasks.push({ task: planTask(item, found, group, tasks.length), wave });
  }
  tasks.sort((a, b) => compareIds(a.task.displayId, b.task.displayId));
  draft.tasks.push(...tasks.map(({ task }) => task));
  orderPlans(tasks);
}

function collect(blocks: Block[], into: Collected[], context: { criteria: Set<Item>; wave?: number; skip?: boolean }): void {
  let { wave, skip } = context;
  for (const block of blocks) {
    if (block.kind === "paragraph") {
      const label = readField(block.lines.at(-1)?.text ?? "");
      if (label) skip = notWork.test(label.name);
      const heading = /^(?:\*\*)?Wave\s+(\d+)/i.exec(block.lines.at(-1)?.text ?? "");
      if (heading) wave = Number(heading[1]);
    }
    if (block.kind !== "list") continue;
    for (const item of block.items) {
      const heading = item.box === undefined && /^(?:\*\*)?Wave\s+(\d+)/i.exec(item.text);
      if (heading) collect(item.blocks, into, { ...context, wave: Number(heading[1]) });
      else if (!skip && !context.criteria.has(item)) into.push({ item, ...(wave !== undefined && { wave }) });
      const label = readField(item.continuation.at(-1)?.text ?? "");
      if (label) skip = notWork.test(label.name);
    }
  }
}

function planTask(item: Item, found: RegExpExecArray | null, group: DraftGroup, index: number): DraftTask {
  const id = found?.[1] ?? `${pad(group.displayId)}-${String(index + 1).padStart(2, "0")}`;
  const text = found ? (found[2] ?? "") : item.text;
  const status = /\bDEFERRED\b/.test(text) && item.box !== "x" && item.box !== "X" ? "deferred" : statusOfBox(item.box);
  const task = newTask({
    displayId: id,
    title: plain(text).replace(/\s*✓$/u, "") || id,
    group,
    sourceLine: item.line,
    sourceEndLine: item.endLine,
    ...(status !== undefined && { status, statusSources: [{ where: "checkbox", line: item.line, says: item.box ?? "" }] }),
  });
  readWorkDetails(task, [], item);
  const bodyFields = fieldsOf(item.blocks);
  const depends = fieldNamed(bodyFields, "depends on", "depends", "dependencies", "needs", "after");
  const inline = /\((?:depends on|after|needs):?\s+([^)]+)\)/i.exec(text)?.[1];
  if (depends ?? inline) {
    task.listsDependencies = true;
    for (const name of readReferences(depends?.value ?? inline ?? "").names) {
      task.waits.push({ to: name, kind: "explicit", rule: "written", line: depends?.line ?? item.line });
    }
  }
  return task;
}

function pad(id: string): string {
  return id.replace(/^\d(?!\d)/, "0$&");
}

/** D2: plans with Wave headings wait for all of the wave before; without them they follow each other by number. */
function orderPlans(tasks: { task: DraftTask; wave: number | undefined }[]): void {
  if (!tasks.some(({ wave }) => wave !== undefined)) {
    inSequence(
      tasks.map(({ task }) => task),
      "D2",
    );
    return;
  }
  for (const { task, wave = 0 } of tasks) {
    if (wave > 0) task.wave = wave;
    const before = Math.max(...tasks.map((other) => other.wave ?? 0).filter((other) => other < wave), -1);
    for (const other of tasks) if ((other.wave ?? 0) === before && other.task !== task) addImplied(task, other.task, "D2");
  }
}
