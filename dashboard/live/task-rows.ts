/** The tasks as a tree in rows: phases, their tasks, and the parts of tasks. Pure. */
import type { ExecutionDetail, TaskDetail } from "../../orchestrator/api/contract.ts";

export type TreeRow =
  | { kind: "phase"; id: string; title: string; tasks: string[]; level: 1 }
  | { kind: "task"; id: string; level: number; parts: number; place: number; of: number };

type Options = {
  phases: ExecutionDetail["phases"];
  tasks: readonly TaskDetail[];
  collapsed: ReadonlySet<string>;
  /** Only these, with what they hang on; all when it is undefined. */
  fits?: ((task: TaskDetail) => boolean) | undefined;
};

/** Key under which a row is folded. */
export const foldKey = (row: TreeRow): string => `${row.kind} ${row.id}`;

export function treeRows({ phases, tasks, collapsed, fits }: Options): TreeRow[] {
  const known = new Set(tasks.map((task) => task.id));
  const children = new Map<string, TaskDetail[]>();
  const shown = fits === undefined ? undefined : new Set<string>();
  for (const task of tasks) {
    const parent = task.parent !== null && known.has(task.parent) ? task.parent : null;
    const key = parent ?? `phase ${task.phase ?? ""}`;
    const siblings = children.get(key);
    if (siblings === undefined) children.set(key, [task]);
    else siblings.push(task);
    if (fits?.(task) === true) shown?.add(task.id);
  }
  const isShown = (task: TaskDetail): boolean =>
    shown === undefined || shown.has(task.id) || (children.get(task.id)?.some(isShown) ?? false);

  const rows: TreeRow[] = [];
  const add = (list: TaskDetail[], level: number) => {
    const visible = list.filter(isShown);
    visible.forEach((task, index) => {
      const parts = children.get(task.id) ?? [];
      const row: TreeRow = { kind: "task", id: task.id, level, parts: parts.length, place: index + 1, of: visible.length };
      rows.push(row);
      if (parts.length > 0 && !collapsed.has(foldKey(row))) add(parts, level + 1);
    });
  };
  const phaseIds = new Set(phases.map((phase) => phase.id));
  for (const phase of phases) {
    const inside = (children.get(`phase ${phase.id}`) ?? []).filter(isShown);
    if (inside.length === 0) continue;
    const row: TreeRow = { kind: "phase", id: phase.id, title: phase.title, tasks: inside.map((task) => task.id), level: 1 };
    rows.push(row);
    if (!collapsed.has(foldKey(row))) add(inside, 2);
  }
  const loose = [...children].filter(([key]) => key.startsWith("phase ") && !phaseIds.has(key.slice("phase ".length)));
  for (const [, list] of loose) add(list, 1);
  return rows;
}
