import type { Draft, DraftGroup, DraftTask, Wait } from "./draft.ts";
import { duplicateProblem, type Identities } from "./identify.ts";
import type { Dependency } from "./model.ts";
import type { PlanProblem } from "./plan-error.ts";

type Node = DraftTask | DraftGroup;

export type Resolved = { dependencies: Map<Node, Dependency[]>; problems: PlanProblem[] };

/** Looks every reference up: by object, by name near the one that refers, by name anywhere, by group. What is left is external or unknown. */
export function resolveReferences(draft: Draft, identities: Identities, file: string): Resolved {
  const names = new Names(draft);
  const dependencies = new Map<Node, Dependency[]>();
  const problems: PlanProblem[] = [];
  for (const node of [...draft.groups, ...draft.tasks] as Node[]) {
    const found = new Map<string, Dependency>();
    for (const wait of node.waits) {
      const ref = typeof wait.to === "string" ? wait.to : wait.to.displayId;
      const targets = typeof wait.to === "string" ? names.find(ref, node) : [wait.to];
      if (targets.length > 1) {
        const lines = targets.map((target) => target.sourceLine).filter((line) => line !== undefined);
        problems.push(duplicateProblem(ref, lines, file, `and ${label(node)} depends on it`));
        continue;
      }
      const [target] = targets;
      if (target) {
        const id = target.node === "task" ? identities.tasks.get(target) : identities.groups.get(target);
        if (id !== undefined) addEdge(found, id, wait);
        continue;
      }
      if (wait.kind === "external" || draft.isExternal(ref)) {
        addEdge(found, ref, { ...wait, kind: "external" });
        draft.externals.push({
          from: wait.onBehalfOf ?? node.displayId,
          ref,
          ...(wait.line !== undefined && { line: wait.line }),
        });
      } else {
        // Suggestions cost a pass over all names, so only the first problems get one.
        problems.push(unknownProblem(node, ref, wait.line, problems.length < 20 ? names.all() : [], file));
      }
    }
    dependencies.set(node, [...found.values()]);
  }
  return { dependencies, problems };
}

/** An explicit edge replaces an implied one to the same target; the first of a kind stays. */
function addEdge(found: Map<string, Dependency>, to: string, wait: Wait): void {
  const before = found.get(to);
  if (before && (before.kind !== "implied" || wait.kind === "implied")) return;
  found.set(to, {
    to,
    kind: wait.kind,
    rule: wait.rule,
    active: wait.active ?? true,
    ...(wait.line !== undefined && { line: wait.line }),
  });
}

/** Names of tasks and groups as they may be written: case and leading zeros of numbers do not matter. */
class Names {
  readonly #tasks = new Map<string, DraftTask[]>();
  readonly #groups = new Map<string, DraftGroup[]>();

  constructor(draft: Draft) {
    for (const task of draft.tasks) push(this.#tasks, normal(task.displayId), task);
    for (const group of draft.groups) push(this.#groups, normal(group.displayId), group);
  }

  find(name: string, from: Node): Node[] {
    const wantsGroup = /^phase\s+/i.test(name);
    const key = normal(name.replace(/^(?:phase|task)\s+/i, ""));
    const groups = this.#groups.get(key) ?? [];
    if ((wantsGroup || from.node === "group") && groups.length > 0) return groups.slice(0, 1);
    const tasks = this.#tasks.get(key) ?? [];
    if (tasks.length === 0) return groups.slice(0, 1);
    if (tasks.length === 1) return tasks;
    const exact = tasks.filter((task) => task.displayId === name);
    const near = (exact.length > 0 ? exact : tasks).filter((task) => from.node === "task" && task.group === from.group);
    if (near.length === 1) return near;
    return exact.length === 1 ? exact : tasks;
  }

  all(): string[] {
    return [...this.#tasks.values(), ...this.#groups.values()].flatMap((nodes) => nodes.map((node) => node.displayId));
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function normal(id: string): string {
  return id
    .trim()
    .toLowerCase()
    .replace(/(^|[^0-9.])0+(?=\d)/g, "$1");
}

function label(node: Node): string {
  return node.node === "task" ? `task ${node.displayId}` : `phase ${node.displayId}`;
}

function unknownProblem(node: Node, ref: string, line: number | undefined, known: string[], file: string): PlanProblem {
  const at = line ?? node.sourceLine;
  const near = nearest(
    ref,
    known.filter((id) => id !== node.displayId),
  );
  const what = node.node === "task" ? "Task" : "Phase";
  const hint = near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : "";
  return {
    code: "unknown-id",
    message: `${what} ${node.displayId}${at !== undefined ? ` (line ${at})` : ""} depends on ${ref}, which is not in this plan.${hint}`,
    ...(file && { file }),
    ...(at !== undefined && { line: at, column: 1 }),
    fix: near.length > 0 ? `Write ${near[0]}, or remove the dependency.` : "Add the task or remove the dependency.",
  };
}

/** Up to two known ids that are close to a wrong one: same digits in another arrangement, a lost dot, a prefix, or one or two typing errors. */
export function nearest(wrong: string, known: string[]): string[] {
  const target = wrong.toLowerCase();
  const digits = sorted(target);
  const scored = [...new Set(known)].map((id) => {
    const text = id.toLowerCase();
    const typing = text.length < 60 && target.length < 60 ? distance(text, target) : 99;
    const swapped = digits !== "" && sorted(text) === digits ? 1 : 99;
    const prefix = target.length > 1 && (text.startsWith(target) || target.startsWith(text)) ? 2 : 99;
    const lostDot = /\d[.-]\d/.test(text) && text.replace(/[.-]/g, "").endsWith(target) ? 0.5 : 99;
    return { id, score: Math.min(typing, swapped, prefix, lostDot) };
  });
  const limit = Math.max(1, Math.floor(target.length / 3));
  const close = scored.filter(({ score }) => score <= Math.max(limit, 2) && score < target.length + 1);
  return close
    .sort((a, b) => a.score - b.score || a.id.localeCompare(b.id))
    .slice(0, 2)
    .map(({ id }) => id);
}

function sorted(text: string): string {
  return (text.match(/\d/g) ?? []).sort().join("");
}

/** Edit distance; a swap of neighbours counts once. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const cell = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, cell(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = best;
    }
  }
  return cell(a.length, b.length);
}
