/**
 * Beads export: one issue per line. Only dependencies of type `blocks` order work; `parent-child` is hierarchy. File order is by id as text
 * and means nothing (D12).
 */
import { type Draft, type DraftTask, newDraft, newTask } from "../draft.ts";
import { setPriority } from "../markdown/work-details.ts";
import { PlanError, type PlanProblem } from "../plan-error.ts";
import { statusOfWord } from "../status-words.ts";
import { type Fields, isRecord, records, rest, textOf, texts } from "./record.ts";
import type { Source } from "./source.ts";

const known = new Set([
  "id",
  "title",
  "description",
  "status",
  "priority",
  "labels",
  "assignee",
  "notes",
  "acceptance_criteria",
  "dependencies",
]);

export function readBeads(source: Source): Draft {
  const draft = newDraft({
    source: "TASK_LIST",
    title: source.name.replace(/\.jsonl$/i, "") || "Issues",
    groupStatus: "never",
    keyedById: true,
  });
  const issues = readLines(source, draft);
  const byId = new Map<string, DraftTask>();
  for (const { issue, line } of issues) {
    const task = readIssue(issue, line, draft);
    if (!byId.has(task.displayId)) byId.set(task.displayId, task);
  }
  const prefixes = new Set([...byId.keys()].map(prefixOf));
  draft.isExternal = (name) => !prefixes.has(prefixOf(name));
  for (const { issue, line } of issues) readDependencies(issue, line, byId);
  return draft;
}

function prefixOf(id: string): string {
  return id.replace(/-[^-]*$/, "");
}

function readLines(source: Source, draft: Draft): { issue: Fields; line: number }[] {
  const found: { issue: Fields; line: number }[] = [];
  const problems: PlanProblem[] = [];
  for (const [index, raw] of source.text.text.split("\n").entries()) {
    if (raw.trim() === "") continue;
    const line = index + 1;
    const issue = parseLine(raw);
    if (issue) found.push({ issue, line });
    else
      problems.push({
        code: "jsonl",
        message: `Line ${line} is not a JSON object: "${raw.trim().slice(0, 60)}".`,
        file: source.file,
        line,
        column: 1,
        fix: "Correct the line, or read the file with --lenient to skip it.",
      });
  }
  if (problems.length > 0 && !source.lenient) throw new PlanError(problems.slice(0, 50));
  if (problems.length > 0) {
    const lines = problems.map((problem) => problem.line ?? 0);
    draft.ignored.push({ lines, why: `${lines.length} damaged lines were skipped.` });
    draft.warnings.push({
      code: "skipped-lines",
      ...(lines[0] !== undefined && { line: lines[0] }),
      text: `${lines.length} damaged lines were skipped (lines ${lines.join(", ")}).`,
    });
  }
  return found;
}

function parseLine(raw: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readIssue(issue: Fields, line: number, draft: Draft): DraftTask {
  const id = textOf(issue, "id") ?? `line-${line}`;
  const raw = textOf(issue, "status") ?? "open";
  const status = statusOfWord(raw);
  const task = newTask({
    displayId: id,
    title: textOf(issue, "title") ?? id,
    description: textOf(issue, "description") ?? "",
    statusRaw: raw,
    status: status ?? "pending",
    statusSources: [{ where: "status", line, says: raw }],
    labels: texts(issue.labels),
    extra: rest(issue, known),
    listsDependencies: true,
    sourceLine: line,
  });
  if (status === undefined)
    draft.warnings.push({
      code: "unknown-status",
      line,
      text: `${id} has the status "${raw}", which is not known; it counts as pending.`,
    });
  const priority = textOf(issue, "priority");
  if (priority !== undefined) setPriority(task, `P${priority.replace(/^P/i, "")}`);
  const assignee = textOf(issue, "assignee");
  if (assignee !== undefined) task.assignee = assignee;
  const notes = textOf(issue, "notes");
  if (notes !== undefined) task.notes = notes;
  for (const statement of (textOf(issue, "acceptance_criteria") ?? "").split(/\n|\\n/)) {
    const criterion = statement.replace(/^\s*[-*]\s*(?:\[[ xX]\]\s*)?/, "").trim();
    if (criterion !== "") task.verification.push({ id: `${id}.c${task.verification.length + 1}`, criterion, test: "manual" });
  }
  draft.tasks.push(task);
  return task;
}

function readDependencies(issue: Fields, line: number, byId: Map<string, DraftTask>): void {
  const task = byId.get(textOf(issue, "id") ?? `line-${line}`);
  if (!task) return;
  for (const dependency of records(issue.dependencies)) {
    const to = textOf(dependency, "depends_on_id", "id");
    const type = textOf(dependency, "type", "dependency_type") ?? "blocks";
    if (to === undefined) continue;
    const parent = byId.get(to);
    if (type === "blocks") task.waits.push({ to, kind: "explicit", rule: "blocks", line });
    else if (type === "parent-child" && parent && !isAbove(task, parent)) task.parentTask = parent;
    else task.extra = { ...task.extra, [type]: [...texts(task.extra?.[type]), to] };
  }
}

/** A file may say that two issues are each other's parent; the second of these is not believed. */
function isAbove(task: DraftTask, candidate: DraftTask): boolean {
  const seen = new Set<DraftTask>();
  for (let at: DraftTask | undefined = candidate; at && !seen.has(at); at = at.parentTask) {
    if (at === task) return true;
    seen.add(at);
  }
  return false;
}
