/**
 * The edges of a plan that has not been handed off, between its leaves. A dependency on a group or a task with parts means all that is inside,
 * and one of a group binds all that is inside; drawn are only the edges from the last ones inside to the first ones, which say the same. Pure.
 */
import type { PreviewResponse } from "../../orchestrator/api/contract.ts";

type Plan = PreviewResponse["plan"];
type Leaf = Plan["tasks"][number];

export function leavesOf(plan: Plan): Leaf[] {
  const parents = new Set(plan.tasks.flatMap(({ parent }) => parent ?? []));
  return plan.tasks.filter(({ id }) => !parents.has(id));
}

/** For each leaf the leaves that it waits for. */
export function planEdges(plan: Plan): Map<string, string[]> {
  const leaves = leavesOf(plan);
  const inside = new Map<string, string[]>();
  const tasks = new Map(plan.tasks.map((task) => [task.id, task]));
  const add = (group: string, id: string) => {
    const list = inside.get(group);
    if (list === undefined) inside.set(group, [id]);
    else list.push(id);
  };
  for (const { id, phase } of leaves) {
    add(id, id);
    if (phase !== undefined) add(phase, id);
    for (let parent = tasks.get(id)?.parent; parent !== undefined; parent = tasks.get(parent)?.parent) add(parent, id);
  }

  const edges = new Map<string, Set<string>>(leaves.map(({ id }) => [id, new Set<string>()]));
  const holders = [...plan.tasks, ...plan.phases].map(({ id, dependencies }) => ({
    own: inside.get(id) ?? [],
    before: dependencies.filter(({ active, kind }) => active && kind !== "external").map(({ to }) => inside.get(to) ?? []),
  }));
  // What leads from leaf to leaf first: it decides who is first and last inside a group.
  for (const { own, before } of holders) {
    if (own.length !== 1) continue;
    for (const ends of before) if (ends.length === 1) edges.get(own[0] as string)?.add(ends[0] as string);
  }
  const hasBefore = (id: string, group: ReadonlySet<string>) => [...(edges.get(id) ?? [])].some((other) => group.has(other));
  for (const { own, before } of holders) {
    const group = new Set(own);
    const first = own.filter((id) => !hasBefore(id, group));
    for (const ends of before) {
      if (own.length === 1 && ends.length === 1) continue;
      const among = new Set(ends);
      const notLast = new Set(ends.flatMap((id) => [...(edges.get(id) ?? [])].filter((other) => among.has(other))));
      for (const id of first) for (const end of ends) if (!notLast.has(end) && end !== id) edges.get(id)?.add(end);
    }
  }
  return new Map([...edges].map(([id, before]) => [id, [...before]]));
}
