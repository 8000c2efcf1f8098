/**
 * Progress written into the file that the plan came from: the boxes of finished tasks are ticked, and not one other byte changes. A box is only
 * touched where the line still says what it said when the plan was read.
 */
import type { Plan, Task } from "./model.ts";

export type WriteBack = { text: string; ticked: string[]; skipped: { id: string; why: string }[] };

const box = /^((?:[\s>]*)(?:[-*+]|\d+[.)])\s+(?:`)?\[)([ \u00a0xX~/!>?-]?|wip|f)(\])/;

/** Ticks the boxes of some tasks of a plan in its text. Reopens boxes of tasks in `reopened`. */
export function writeBack(text: string, plan: Plan, finished: Iterable<string>, reopened: Iterable<string> = []): WriteBack {
  const tasks = new Map(plan.tasks.map((task) => [task.id, task]));
  // Splitting with the separators kept leaves the line endings as they are, mixed or not.
  const parts = text.split(/(\r\n|\n|\r)/);
  const ticked: string[] = [];
  const skipped: WriteBack["skipped"] = [];
  const mark = (id: string, mark: "x" | " "): void => {
    const why = setBox(parts, tasks.get(id), mark);
    if (why === undefined) ticked.push(id);
    else skipped.push({ id, why });
  };
  for (const id of finished) mark(id, "x");
  for (const id of reopened) mark(id, " ");
  return { text: parts.join(""), ticked, skipped };
}

function setBox(parts: string[], task: Task | undefined, mark: "x" | " "): string | undefined {
  if (!task) return "There is no such task in the plan.";
  if (task.sourceLine === undefined) return "The plan does not say on which line it stands.";
  const at = (task.sourceLine - 1) * 2;
  const line = parts[at] ?? "";
  const found = box.exec(line);
  if (!found) return `Line ${task.sourceLine} has no checkbox.`;
  if (!saysTheSame(line, task)) return `Line ${task.sourceLine} no longer speaks of this task; the file has changed.`;
  const isTicked = /x/i.test(found[2] ?? "");
  if (isTicked !== (mark === "x")) parts[at] = `${found[1]}${mark}${found[3]}${line.slice(found[0].length)}`;
  return undefined;
}

/** The first words of the title, or the id, still stand on the line. */
function saysTheSame(line: string, task: Task): boolean {
  const letters = (value: string) => value.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  const here = letters(line);
  const title = letters(task.title).slice(0, 24);
  return title === "" ? here.includes(letters(task.displayId)) : here.includes(title);
}
