/**
 * A changed plan against the one that runs. Tasks are the same when their ids are; one whose id is new but whose title is that of a task that
 * has gone was renamed. Finished work is kept whatever the new plan says.
 */
import type { Plan, Task } from "./model.ts";
import { leafTasks } from "./standing.ts";

/** What the execution knows about a task. */
export type Progress = "waiting" | "running" | "finished";

export type Change = { id: string; fields: { name: string; before: unknown; after: unknown }[]; progress: Progress };
export type Reconciliation = {
  added: Task[];
  /** Gone from the plan and not begun: they are taken out. */
  removed: Task[];
  changed: Change[];
  renamed: { before: string; after: string }[];
  unchanged: string[];
  /** Finished, and gone or changed in the new plan: kept as they are. */
  kept: string[];
  /** Running, and gone or changed in the new plan: a person decides. */
  undecided: string[];
};

const compared = [
  "title",
  "description",
  "kind",
  "automation",
  "params",
  "commands",
  "verification",
  "gates",
  "retry",
  "limits",
  "isolation",
  "dependencies",
  "files",
  "optional",
  "phase",
] as const;

/** What has to be done to the running execution so that it follows the new plan. */
export function reconcile(running: Plan, next: Plan, progressOf: (id: string) => Progress): Reconciliation {
  const before = new Map(leafTasks(running).map((task) => [task.id, task]));
  const after = new Map(leafTasks(next).map((task) => [task.id, task]));
  const renamed = findRenamed(before, after);
  const found: Reconciliation = { added: [], removed: [], changed: [], renamed, unchanged: [], kept: [], undecided: [] };
  const newNames = new Map(renamed.map((name) => [name.before, name.after]));
  const taken = new Set(renamed.map((name) => name.after));
  for (const [id, task] of before) {
    const now = after.get(newNames.get(id) ?? id);
    const fields = now && differences(task, now, newNames);
    if (fields?.length === 0) {
      found.unchanged.push(id);
      continue;
    }
    const progress = progressOf(id);
    if (progress === "finished") found.kept.push(id);
    else if (progress === "running") found.undecided.push(id);
    if (fields) found.changed.push({ id, fields, progress });
    else if (progress === "waiting") found.removed.push(task);
  }
  for (const [id, task] of after) if (!before.has(id) && !taken.has(id)) found.added.push(task);
  return found;
}

function findRenamed(before: Map<string, Task>, after: Map<string, Task>): { before: string; after: string }[] {
  const gone = [...before.values()].filter((task) => !after.has(task.id));
  const fresh = Map.groupBy(
    [...after.values()].filter((task) => !before.has(task.id)),
    titleKey,
  );
  const sameTitle = Map.groupBy(gone, titleKey);
  return gone.flatMap((task) => {
    const candidates = fresh.get(titleKey(task)) ?? [];
    // Two tasks with one title cannot be told apart.
    return candidates.length === 1 && sameTitle.get(titleKey(task))?.length === 1
      ? [{ before: task.id, after: (candidates[0] as Task).id }]
      : [];
  });
}

function titleKey(task: Task): string {
  return task.title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

function differences(before: Task, after: Task, newNames: Map<string, string>): Change["fields"] {
  return compared.flatMap((name) => {
    const [a, b] =
      name === "dependencies"
        ? [edgesOf(before, newNames), edgesOf(after)]
        : [withoutPlaces(before[name]), withoutPlaces(after[name])];
    return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ name, before: a, after: b }];
  });
}

function edgesOf(task: Task, newNames = new Map<string, string>()): string[] {
  return task.dependencies
    .filter((edge) => edge.active)
    .map((edge) => newNames.get(edge.to) ?? edge.to)
    .sort();
}

/** Lines move when anything above them is edited; that is no change of the task. */
function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (key === "line" || key === "status" ? [] : [[key, withoutPlaces(item)]])),
  );
}
