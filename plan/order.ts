/** The rules about order that is not written (R0, R3, D1 to D18): each adds implied edges to draft tasks or groups. */
import type { DraftGroup, DraftTask } from "./draft.ts";

type Node = DraftTask | DraftGroup;

/** Each node waits for the one before it, unless it lists its own dependencies. */
export function inSequence(nodes: Node[], rule: string, active = true): void {
  for (const [index, node] of nodes.entries()) {
    const before = nodes[index - 1];
    if (before) addImplied(node, before, rule, active);
  }
}

/**
 * An unmarked task waits for the unmarked one before it and for the marked ones since; a marked one only for the last unmarked one. So
 * neighbours that are marked run side by side.
 */
export function aroundParallel(tasks: DraftTask[], rule: string): void {
  let barrier: DraftTask | undefined;
  let since: DraftTask[] = [];
  for (const task of tasks) {
    if (task.parallel === "marked") {
      if (barrier) addImplied(task, barrier, rule);
      since.push(task);
      continue;
    }
    if (since.length > 0) for (const other of since) addImplied(task, other, rule);
    else if (barrier) addImplied(task, barrier, rule);
    barrier = task;
    since = [];
  }
}

/** Tasks that write one file and are marked as parallel still go one after the other (D8, D19). */
export function byFile(tasks: DraftTask[], rule: string): void {
  const lastWriter = new Map<string, DraftTask>();
  for (const task of tasks) {
    for (const path of [...(task.files?.create ?? []), ...(task.files?.modify ?? [])]) {
      const before = lastWriter.get(path);
      if (before && before !== task && !task.waits.some((wait) => wait.to === before)) {
        task.waits.push({
          to: before,
          kind: "file-overlap",
          rule,
          ...(task.sourceLine !== undefined && { line: task.sourceLine }),
        });
      }
      lastWriter.set(path, task);
    }
  }
}

export function addImplied(node: Node, to: Node, rule: string, active = true): void {
  if (node.listsDependencies || node === to) return;
  node.waits.push({ to, kind: "implied", rule, active, ...(node.sourceLine !== undefined && { line: node.sourceLine }) });
}

/** The tasks without parts, in their order. */
export function leavesOf(tasks: DraftTask[]): DraftTask[] {
  const parents = new Set(tasks.map((task) => task.parentTask));
  return tasks.filter((task) => !parents.has(task));
}

/** Orders ids by their number parts, never as text: 3.9 before 3.10, 12 before 12A before 12A.1 before 12B. */
export function compareIds(left: string, right: string): number {
  const a = idParts(left);
  const b = idParts(right);
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const x = a[index];
    const y = b[index];
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    if (x === y) continue;
    if (typeof x === "number" && typeof y === "number") return x - y;
    // A dot continues an id (12A.1), a letter starts a sibling (12B): numbers after letters sort by what stands there.
    return typeof x === "number" ? -1 : typeof y === "number" ? 1 : x < y ? -1 : 1;
  }
  return 0;
}

function idParts(id: string): (number | string)[] {
  return (id.toLowerCase().match(/\d+|[a-z]+/g) ?? []).map((part) => (/^\d/.test(part) ? Number(part) : part));
}
