import type { Edge } from "./graph.ts";
import type { Plan } from "./model.ts";
import type { PlanProblem } from "./plan-error.ts";

type Arc = { from: string; to: string; kind: string; line?: number };

/**
 * Every separate circle of written dependencies once, by its shortest path. Groups and parent tasks stand for their parts: a part waits for
 * what its holder waits for, and the holder is finished when its parts are.
 */
export function circleProblems(plan: Plan): PlanProblem[] {
  return circlesAmong(plan, writtenArcs(plan));
}

/** Circles that only show between leaves: a phase waits for another one while a task of that one waits for a task of the first. */
export function leafCircleProblems(plan: Plan, edges: Edge[]): PlanProblem[] {
  const problems = circlesAmong(
    plan,
    edges.filter((edge) => edge.kind === "explicit"),
  );
  return problems.map((problem) => ({
    ...problem,
    fix: "Remove one of these dependencies; some follow from what their phases or parents wait for.",
  }));
}

function circlesAmong(plan: Plan, arcs: Arc[]): PlanProblem[] {
  const names = new Map<string, { text: string; file?: string }>();
  for (const group of plan.phases) names.set(group.id, { text: `Phase ${group.displayId}` });
  for (const task of plan.tasks)
    names.set(task.id, { text: task.id, ...(task.sourceFile !== undefined && { file: task.sourceFile }) });
  return strongParts([...names.keys()], arcs).map((part) => describe(shortestCircle(part, within(part, arcs)), names));
}

function writtenArcs(plan: Plan): Arc[] {
  const arcs: Arc[] = [];
  const known = new Set([...plan.phases.map((group) => group.id), ...plan.tasks.map((task) => task.id)]);
  for (const holder of [...plan.phases, ...plan.tasks]) {
    for (const { to, kind, active, line } of holder.dependencies) {
      if (active && kind === "explicit" && known.has(to))
        arcs.push({ from: holder.id, to, kind, ...(line !== undefined && { line }) });
    }
  }
  return arcs;
}

function describe(circle: Arc[], names: Map<string, { text: string; file?: string }>): PlanProblem {
  const label = (id: string) => names.get(id)?.text ?? id;
  const first = circle[0] as Arc;
  const path = [...circle.map((arc) => label(arc.from)), label(first.from)].join(" → ");
  const lines = [...new Set(circle.map((arc) => arc.line).filter((line) => line !== undefined))];
  const where = lines.length > 0 ? ` (line${lines.length > 1 ? "s" : ""} ${lines.join(", ")})` : "";
  const edges =
    circle.length <= 8 ? ` ${circle.map((arc) => `${label(arc.from)} → ${label(arc.to)} is written`).join("; ")}.` : "";
  const self = circle.length === 1;
  const file = names.get(first.from)?.file;
  return {
    code: "circle",
    message: self
      ? `Circular dependency: ${label(first.from)} → ${label(first.from)}${where}. It depends on itself.`
      : `Circular dependency: ${path}${where}.${edges} Remove one of them.`,
    ...(file !== undefined && { file }),
    ...(lines[0] !== undefined && { line: lines[0], column: 1 }),
    fix: self ? `Remove the dependency of ${label(first.from)} on itself.` : "Remove one of these dependencies.",
  };
}

/**
 * Removes implied edges that close a circle with written ones, one per circle, next to the written edge they contradict. The written edges
 * alone must form no circle.
 */
export function dropImpliedCircles(ids: string[], edges: Edge[]): { edges: Edge[]; dropped: Edge[] } {
  const dropped: Edge[] = [];
  let kept = edges;
  for (let round = 0; ; round++) {
    const parts = strongParts(ids, kept);
    if (parts.length === 0) return { edges: kept, dropped };
    const out = new Set<Edge>();
    for (const part of parts) {
      const inside = within(part, kept);
      const implied = inside.filter((edge) => edge.kind !== "explicit");
      // Large knots are cut at once: one edge per round would take a round per edge.
      const cut = round > 20 || part.length > 2000 ? implied : [contradicting(shortestCircle(part, inside))];
      for (const edge of cut) out.add(edge);
    }
    dropped.push(...out);
    kept = kept.filter((edge) => !out.has(edge));
  }
}

/** The implied edge that follows a written one on the circle: what is waited for in writing then waits for nothing by mere order. */
function contradicting(circle: Edge[]): Edge {
  const afterWritten = circle.find((edge, at) => edge.kind !== "explicit" && circle.at(at - 1)?.kind === "explicit");
  return (afterWritten ?? circle.find((edge) => edge.kind !== "explicit")) as Edge;
}

function within<E extends Arc>(part: string[], arcs: E[]): E[] {
  const set = new Set(part);
  return arcs.filter((arc) => set.has(arc.from) && set.has(arc.to));
}

/** Sets of nodes that reach each other, larger than one node or with an arc to itself. Iterative: plans can be chains of thousands. */
function strongParts(ids: string[], arcs: Arc[]): string[][] {
  const next = new Map<string, string[]>(ids.map((id) => [id, []]));
  const selfish = new Set<string>();
  for (const { from, to } of arcs) {
    next.get(from)?.push(to);
    if (from === to) selfish.add(from);
  }
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const parts: string[][] = [];
  for (const root of ids) {
    if (index.has(root)) continue;
    const work: { id: string; at: number }[] = [];
    enter(root);
    while (work.length > 0) {
      const frame = work[work.length - 1] as { id: string; at: number };
      const to = next.get(frame.id)?.[frame.at++];
      if (to === undefined) {
        work.pop();
        leave(frame.id, work.at(-1)?.id);
      } else if (!index.has(to)) {
        enter(to);
      } else if (onStack.has(to)) {
        low.set(frame.id, Math.min(low.get(frame.id) ?? 0, index.get(to) ?? 0));
      }
    }

    function enter(id: string): void {
      index.set(id, index.size);
      low.set(id, index.get(id) ?? 0);
      stack.push(id);
      onStack.add(id);
      work.push({ id, at: 0 });
    }
  }
  return parts;

  function leave(id: string, above: string | undefined): void {
    if (above !== undefined) low.set(above, Math.min(low.get(above) ?? 0, low.get(id) ?? 0));
    if (low.get(id) !== index.get(id)) return;
    const part: string[] = [];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      onStack.delete(top);
      part.push(top);
      if (top === id) break;
    }
    if (part.length > 1 || selfish.has(id)) parts.push(part.reverse());
  }
}

/** The shortest circle in a strong part; in a very large one, the shortest through its first nodes. */
function shortestCircle<E extends Arc>(part: string[], arcs: E[]): E[] {
  const next = new Map<string, E[]>();
  for (const arc of arcs) {
    const list = next.get(arc.from);
    if (list) list.push(arc);
    else next.set(arc.from, [arc]);
  }
  let best: E[] = [];
  for (const start of part.slice(0, 100)) {
    const via = new Map<string, E>();
    let closing: E | undefined;
    const queue = [start];
    for (let at = 0; at < queue.length && !closing; at++) {
      for (const arc of next.get(queue[at] as string) ?? []) {
        if (arc.to === start) {
          closing = arc;
          break;
        }
        if (via.has(arc.to)) continue;
        via.set(arc.to, arc);
        queue.push(arc.to);
      }
    }
    if (!closing) continue;
    const path: E[] = [closing];
    for (let arc = closing; arc.from !== start; ) {
      arc = via.get(arc.from) as E;
      path.unshift(arc);
    }
    if (best.length === 0 || path.length < best.length) best = path;
    if (best.length <= 2) break;
  }
  return best;
}
