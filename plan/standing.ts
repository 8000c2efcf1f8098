import type { Plan, Task } from "./model.ts";
import { settles } from "./status-words.ts";

/** True where the plan itself already marks the work as done, by its own marker or by the phase around it: it is not run again. */
export function isMarkedDone(task: Task): boolean {
  return task.status === "done" || task.status === "skipped" || task.coveredBy !== undefined;
}

/** True where the plan puts the work aside: it does not run by default and what depends on it by name is held. */
export function isSetAside(task: Task): boolean {
  if (isMarkedDone(task)) return false;
  return task.optional || task.status === "deferred" || settles(task.status);
}

/** True where a task is marked done, or is a parent whose required parts all are. */
export function isEffectivelyDone(plan: Plan, task: Task): boolean {
  if (isMarkedDone(task)) return true;
  const parts = partsOf(plan)
    .get(task.id)
    ?.filter((part) => !part.optional);
  return parts !== undefined && parts.length > 0 && parts.every((part) => isEffectivelyDone(plan, part));
}

const partIndex = new WeakMap<Task[], Map<string, Task[]>>();

function partsOf({ tasks }: Plan): Map<string, Task[]> {
  const known = partIndex.get(tasks);
  if (known) return known;
  const parts = Map.groupBy(
    tasks.filter((task) => task.parent !== undefined),
    (task) => task.parent as string,
  );
  partIndex.set(tasks, parts);
  return parts;
}

/** True where the work is to be run. */
export function isOpen(task: Task): boolean {
  return !isMarkedDone(task) && !isSetAside(task);
}

/** The tasks without parts: the units that run. */
export function leafTasks(plan: Plan): Task[] {
  const parents = new Set(plan.tasks.map((task) => task.parent));
  return plan.tasks.filter((task) => !parents.has(task.id));
}
