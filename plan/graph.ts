/**
 * The plan as one directed graph over the tasks that run. An edge says that `from` waits for `to`. Dependencies of groups and of parent
 * tasks are expanded to their leaves: only what ends the one waits-for side and what begins the other get an edge, since everything between
 * follows. Written edges must form no circle; an implied one that would close a circle is dropped (R6).
 */
import { circleProblems, dropImpliedCircles, leafCircleProblems } from "./circles.ts";
import { expandEdges } from "./expand-edges.ts";
import { expectedMinutes } from "./expected-minutes.ts";
import type { Dependency, Plan, Task } from "./model.ts";
import { PlanError } from "./plan-error.ts";
import { isMarkedDone, leafTasks } from "./standing.ts";

export type Edge = { from: string; to: string; kind: Dependency["kind"]; rule: string; line?: number };

export type PlanGraph = {
  leaves: Task[];
  /** Between leaf ids, each pair once. */
  edges: Edge[];
  /** Implied edges left out because they contradict written ones. */
  dropped: Edge[];
  /** Leaf ids so that each one comes after all it waits for. */
  order: string[];
  /** Wave n holds what can run when the waves before it are done. */
  waves: string[][];
  criticalPath: { ids: string[]; minutes: number };
};

export { isEffectivelyDone } from "./standing.ts";

/** Throws PlanError when written dependencies close a circle. */
export function compileGraph(plan: Plan): PlanGraph {
  const problems = circleProblems(plan);
  if (problems.length > 0) throw new PlanError(problems);
  const leaves = leafTasks(plan);
  const ids = leaves.map((task) => task.id);
  const expanded = expandEdges(plan, leaves);
  const between = leafCircleProblems(plan, expanded);
  if (between.length > 0) throw new PlanError(between);
  const { edges, dropped } = dropImpliedCircles(ids, expanded);
  const { order, waves } = layer(ids, edges);
  return {
    leaves,
    edges,
    dropped,
    order,
    waves,
    criticalPath: longestPath(order, edges, new Map(leaves.map((task) => [task.id, task]))),
  };
}

function layer(ids: string[], edges: Edge[]): { order: string[]; waves: string[][] } {
  const open = new Map(ids.map((id) => [id, 0]));
  const dependents = new Map<string, string[]>();
  for (const edge of edges) {
    open.set(edge.from, (open.get(edge.from) ?? 0) + 1);
    const list = dependents.get(edge.to);
    if (list) list.push(edge.from);
    else dependents.set(edge.to, [edge.from]);
  }
  const waves: string[][] = [];
  let wave = ids.filter((id) => open.get(id) === 0);
  while (wave.length > 0) {
    waves.push(wave);
    const next: string[] = [];
    for (const id of wave) {
      for (const dependent of dependents.get(id) ?? []) {
        const left = (open.get(dependent) ?? 1) - 1;
        open.set(dependent, left);
        if (left === 0) next.push(dependent);
      }
    }
    wave = next;
  }
  return { order: waves.flat(), waves };
}

/** The chain of open work that takes longest; finished work takes no time. */
function longestPath(order: string[], edges: Edge[], tasks: Map<string, Task>): PlanGraph["criticalPath"] {
  const waitsFor = new Map<string, string[]>();
  for (const edge of edges) {
    const list = waitsFor.get(edge.from);
    if (list) list.push(edge.to);
    else waitsFor.set(edge.from, [edge.to]);
  }
  const best = new Map<string, { minutes: number; via?: string }>();
  let last: string | undefined;
  for (const id of order) {
    const task = tasks.get(id);
    let via: string | undefined;
    for (const to of waitsFor.get(id) ?? []) if (via === undefined || minutesTo(to) > minutesTo(via)) via = to;
    const own = task && !isMarkedDone(task) ? expectedMinutes(task).likely : 0;
    best.set(id, { minutes: own + (via === undefined ? 0 : minutesTo(via)), ...(via !== undefined && { via }) });
    if (last === undefined || minutesTo(id) > minutesTo(last)) last = id;
  }
  const ids: string[] = [];
  for (let id = last; id !== undefined; id = best.get(id)?.via) {
    const task = tasks.get(id);
    if (task && !isMarkedDone(task)) ids.push(id);
  }
  return { ids: ids.reverse(), minutes: last === undefined ? 0 : minutesTo(last) };

  function minutesTo(id: string): number {
    return best.get(id)?.minutes ?? 0;
  }
}
