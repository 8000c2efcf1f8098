/** PlanExe's tables: the breakdown, where the column that is filled is the level, and the Gantt export, which knows one predecessor per task. */
import { parse } from "csv-parse/sync";
import { type Draft, type DraftGroup, type DraftTask, newDraft, newGroup, newTask } from "../draft.ts";
import { PlanError } from "../plan-error.ts";
import type { Source } from "./source.ts";

type CsvRow = { cells: string[]; line: number };

/** Rows of a CSV text; `quoted` is false for exporters that never quote. */
function csvRows(source: Source, delimiter: string, quoted: boolean): CsvRow[] {
  try {
    const parsed = parse(source.text.text, {
      delimiter,
      quote: quoted ? '"' : false,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return parsed.map(({ record, info }) => ({ cells: record.map((cell) => cell.trim()), line: info.lines }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PlanError([
      { code: "csv", message: `This is not a readable table: ${reason}.`, line: 1, column: 1, fix: "Close the quotes." },
    ]);
  }
}

export function isWbsTable(text: string): boolean {
  return /^Level 1;(?:Level \d+;)*Task ID\s*(?:\n|$)/.test(text);
}

export function isGanttTable(text: string): boolean {
  return /^"?project_key"?,/.test(text) && /project_parent/.test(text.split("\n")[0] ?? "");
}

export function readPlanExeTable(source: Source): Draft {
  return isGanttTable(source.text.text) ? readGantt(source) : readBreakdown(source);
}

function readBreakdown(source: Source): Draft {
  const [, ...rows] = csvRows(source, ";", false);
  const draft = newDraft({ source: "TASK_LIST", title: source.name, groupStatus: "never", keyedById: true });
  let group: DraftGroup | undefined;
  const above: (DraftTask | undefined)[] = [];
  for (const { cells, line } of rows) {
    const level = cells.slice(0, -1).findIndex((cell) => cell !== "");
    const title = cells[level] ?? "";
    const id = cells.at(-1) ?? "";
    if (level < 0 || id === "") {
      draft.ignored.push({ lines: [line], why: "The row has no title or no Task ID." });
    } else if (level === 0) {
      draft.title = title;
    } else if (level === 1) {
      group = newGroup({ displayId: id, title, sourceLine: line });
      draft.groups.push(group);
      above.length = 0;
    } else {
      const parentTask = above[level - 1];
      const task = newTask({
        displayId: id,
        title,
        sourceLine: line,
        listsDependencies: true,
        ...(group && { group }),
        ...(parentTask && { parentTask }),
      });
      above.length = level;
      above[level] = task;
      draft.tasks.push(task);
    }
  }
  return draft;
}

function readGantt(source: Source): Draft {
  const [header, ...rows] = csvRows(source, ",", true);
  const column = (name: string) => header?.cells.indexOf(name) ?? -1;
  const draft = newDraft({
    source: "TASK_LIST",
    title: source.name,
    groupStatus: "never",
    keyedById: true,
    isExternal: () => true,
  });
  for (const { cells, line } of rows) {
    const cell = (name: string) => cells[column(name)] ?? "";
    const id = cell("project_key");
    if (id === "") continue;
    const task = newTask({
      displayId: id,
      title: cell("project_name") || id,
      description: cell("project_description"),
      sourceLine: line,
      listsDependencies: true,
    });
    const start = cell("project_start_date");
    const end = cell("project_end_date");
    if (start !== "") task.extra = { start, end };
    if (cell("project_parent") !== "")
      task.waits.push({ to: cell("project_parent"), kind: "explicit", rule: "project_parent", line });
    draft.tasks.push(task);
  }
  return draft;
}
