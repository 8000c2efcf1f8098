/**
 * Tasks as they are stored: without the fields that only say their default. A plan of ten thousand tasks is a tenth of the size, and most of
 * the time of handing it off was spent on writing empty lists.
 */
import { isDeepStrictEqual } from "node:util";
import { Task } from "./model.ts";

const { id: _id, displayId: _displayId, title: _title, ...defaults } = Task.parse({ id: "-", displayId: "", title: "" });
const defaultOf = new Map<string, unknown>(Object.entries(defaults));

/** Always stored: it is read without being expanded. */
const kept = new Set(["kind"]);

export type CompactTask = Pick<Task, "id" | "displayId" | "title" | "kind"> & Partial<Task>;

export function compactTask(task: Task): CompactTask {
  const entries = Object.entries(task).filter(([name, value]) => kept.has(name) || !isSame(value, defaultOf.get(name)));
  return Object.fromEntries(entries) as CompactTask;
}

export function expandTask(task: CompactTask): Task {
  return { ...defaults, ...task };
}

function isSame(value: unknown, byDefault: unknown): boolean {
  if (typeof value !== "object" || value === null) return value === byDefault;
  return isDeepStrictEqual(value, byDefault);
}
