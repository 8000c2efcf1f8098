/** Tables with a Status column: a row is a task. Tables that describe phases of other tasks, or have no such column, are not. */
import { type Draft, newDraft, newTask } from "../draft.ts";
import { plain, type Section, sectionsOf, type Table } from "../markdown/outline.ts";
import { setPriority } from "../markdown/work-details.ts";
import { statusOfWord } from "../status-words.ts";
import { nameDependencies } from "./checklist-items.ts";
import { HeadingGroups, numberedAbove } from "./heading-groups.ts";
import type { Source } from "./source.ts";
import { documentTitle } from "./task-sections.ts";

const titleColumns = ["title", "task", "name", "item", "issue", "description", "action", "phase", "step", "work"];
const idColumns = ["id", "#", "issue", "no", "no.", "task id", "key", "number"];

/** True for a table whose rows are tasks: a title and a status. */
export function isTaskTable(table: Table): boolean {
  const header = headerOf(table);
  return header.includes("status") && titleColumns.some((name) => header.includes(name)) && table.rows.length > 0;
}

export function readStatusTables(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const draft = newDraft({
    source: "INLINE",
    title: documentTitle(sections, source),
    warnings: [...warnings],
    groupStatus: "always",
  });
  const groups = new HeadingGroups(draft);
  for (const section of sections)
    for (const block of section.blocks)
      if (block.kind === "table" && isTaskTable(block)) readTable(block, section, draft, groups);
  nameDependencies(draft);
  draft.warnings.push({
    code: "table-tasks",
    text: `${draft.tasks.length} table rows with a status were read as tasks.`,
    fix: "Check them before the start.",
  });
  return draft;
}

function headerOf(table: Table): string[] {
  return table.header.map((cell) => plain(cell).toLowerCase());
}

function readTable(table: Table, section: Section, draft: Draft, groups: HeadingGroups): void {
  const header = headerOf(table);
  const idColumn = header.findIndex((name) => idColumns.includes(name));
  const titleColumn =
    titleColumns.map((name) => header.indexOf(name)).find((index) => index >= 0 && index !== idColumn) ?? idColumn;
  const column = (...names: string[]) => header.findIndex((name) => names.includes(name));
  const above = numberedAbove(section);
  const group = above && groups.of(above);
  const cell = (cells: string[], index: number) => (index < 0 ? "" : plain(cells[index] ?? ""));
  for (const row of table.rows) {
    const raw = cell(row.cells, column("status"));
    const id = cell(row.cells, idColumn) || `task-${String(draft.tasks.length + 1).padStart(3, "0")}`;
    const status = statusOfWord(raw);
    const task = newTask({
      displayId: id,
      title: cell(row.cells, titleColumn) || id,
      statusRaw: raw,
      status: status ?? "pending",
      statusSources: [{ where: "table", line: row.line, says: raw }],
      sourceLine: row.line,
      ...(group && { group }),
    });
    if (status === undefined && raw !== "")
      draft.warnings.push({
        code: "unknown-status",
        line: row.line,
        text: `${id} has the status "${raw}", which is not known; it counts as pending.`,
      });
    const description = cell(row.cells, column("description", "details"));
    if (description !== task.title) task.description = description;
    const priority = cell(row.cells, column("priority"));
    if (priority) setPriority(task, priority);
    const depends = column("depends", "depends on", "dependencies", "blocked by");
    if (depends >= 0) {
      task.listsDependencies = true;
      task.waits.push({ to: cell(row.cells, depends), kind: "explicit", rule: "table", line: row.line });
    }
    const parallel = /^with\s+(.+)$/i.exec(cell(row.cells, column("parallel")))?.[1];
    if (parallel) task.parallel = "marked";
    draft.tasks.push(task);
  }
}
