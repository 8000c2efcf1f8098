import type { Edge } from "./graph.ts";
import type { Dependency, Plan, Task } from "./model.ts";
import { isOpen } from "./standing.ts";

/** Dependencies of groups, parents and leaves as edges between leaves, each pair once; a written edge wins over an implied one. */
export function expandEdges(plan: Plan, leaves: Task[]): Edge[] {
  const edges = new EdgeSet();
  const leafIds = new Set(leaves.map((task) => task.id));
  const members = leavesByHolder(plan, leaves);
  const tasks = new Map(leaves.map((task) => [task.id, task]));

  for (const leaf of leaves)
    for (const dependency of usable(leaf.dependencies))
      if (leafIds.has(dependency.to)) edges.add(leaf.id, dependency.to, dependency);

  // Holders from the inside out, so that order inside a part is known before what surrounds it is bound to something else.
  const depth = depths(plan);
  const parents = plan.tasks
    .filter((task) => !leafIds.has(task.id))
    .sort((a, b) => (depth.get(b.id) ?? 0) - (depth.get(a.id) ?? 0));
  for (const holder of [...leaves, ...parents, ...plan.phases]) {
    for (const dependency of usable(holder.dependencies)) {
      if (leafIds.has(holder.id) && leafIds.has(dependency.to)) continue;
      const from = members.get(holder.id) ?? [];
      const to = standsFor(dependency.to);
      // A part that waits for its own whole, or a whole for its own part, is a matter of closing (R5), not of order.
      const shared = new Set(from);
      if (to.some((id) => shared.has(id))) continue;
      const ends = edges.endsOf(to, tasks);
      for (const first of edges.beginningsOf(from, tasks)) for (const last of ends) edges.add(first, last, dependency);
    }
  }
  return edges.list();

  /** A group without tasks stands for what it waits for itself, so that order passes through it. */
  function standsFor(id: string, seen = new Set<string>()): string[] {
    const own = members.get(id);
    if (own) return own;
    seen.add(id);
    const group = plan.phases.find((candidate) => candidate.id === id);
    const before = usable(group?.dependencies ?? []).filter(({ to }) => !seen.has(to));
    return [...new Set(before.flatMap(({ to }) => standsFor(to, seen)))];
  }
}

function usable(dependencies: Dependency[]): Dependency[] {
  return dependencies.filter((dependency) => dependency.active && dependency.kind !== "external");
}

function depths(plan: Plan): Map<string, number> {
  const byId = new Map(plan.tasks.map((task) => [task.id, task]));
  const depth = new Map<string, number>();
  for (const task of plan.tasks) {
    const chain: Task[] = [];
    for (let at: Task | undefined = task; at && !depth.has(at.id) && !chain.includes(at); at = byId.get(at.parent ?? ""))
      chain.push(at);
    for (const at of chain.reverse()) depth.set(at.id, (depth.get(at.parent ?? "") ?? 0) + 1);
  }
  return depth;
}

/** The leaves each leaf, parent task and group stands for. */
function leavesByHolder(plan: Plan, leaves: Task[]): Map<string, string[]> {
  const byId = new Map(plan.tasks.map((task) => [task.id, task]));
  const members = new Map<string, string[]>();
  for (const leaf of leaves) {
    const seen = new Set<string>();
    const groups = new Set<string>();
    for (let at: Task | undefined = leaf; at && !seen.has(at.id); at = byId.get(at.parent ?? "")) {
      seen.add(at.id);
      if (at.phase !== undefined) groups.add(at.phase);
    }
    for (const holder of [...seen, ...groups]) {
      const list = members.get(holder);
      if (list) list.push(leaf.id);
      else members.set(holder, [leaf.id]);
    }
  }
  return members;
}

class EdgeSet {
  readonly #byFrom = new Map<string, Map<string, Edge>>();
  readonly #dependents = new Map<string, Set<string>>();

  add(from: string, to: string, { kind, rule, line }: Dependency): void {
    if (from === to) return;
    const row = this.#byFrom.get(from) ?? new Map<string, Edge>();
    this.#byFrom.set(from, row);
    const before = row.get(to);
    if (before && (before.kind === "explicit" || kind !== "explicit")) return;
    row.set(to, { from, to, kind, rule, ...(line !== undefined && { line }) });
    const back = this.#dependents.get(to) ?? new Set<string>();
    this.#dependents.set(to, back.add(from));
  }

  /**
   * What must be finished for all of a set to be finished: its open leaves that no other open leaf of it waits for. A leaf that is done
   * says nothing about what comes before it, so it ends nothing while others are open.
   */
  endsOf(ids: string[], tasks: Map<string, Task>): string[] {
    const open = ids.filter((id) => opens(tasks.get(id)));
    const set = new Set(open.length > 0 ? open : ids);
    return [...set].filter((id) => ![...(this.#dependents.get(id) ?? [])].some((dependent) => set.has(dependent)));
  }

  /** What must be held for all of a set to be held: the leaves that wait for no other open leaf of it. */
  beginningsOf(ids: string[], tasks: Map<string, Task>): string[] {
    const open = new Set(ids.filter((id) => opens(tasks.get(id))));
    return ids.filter((id) => ![...(this.#byFrom.get(id)?.keys() ?? [])].some((to) => open.has(to)));
  }

  list(): Edge[] {
    return [...this.#byFrom.values()].flatMap((row) => [...row.values()]);
  }
}

function opens(task: Task | undefined): boolean {
  return task !== undefined && isOpen(task);
}
