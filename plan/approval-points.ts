/**
 * Where a person approves before a plan goes on (SPEC §6). `checkpoints`: before each phase that follows another, before a task with that label,
 * and before what deploys.
 * `final`: when everything is built, before what deploys, or at the end where nothing does. The points are tasks of their own, so that
 * waiting for one is as durable as any other work. Pure.
 */
import { compileGraph } from "./graph.ts";
import { type Plan, Task } from "./model.ts";
import { isOpen } from "./standing.ts";

export type ApprovalMode = "auto" | "checkpoints" | "final";

/** `classifiedBy` of a task that is an approval. */
export const approvalPoint = "approval-point";

/** Label of a task before which a person approves with `checkpoints`. */
const checkpointLabel = "checkpoint";

export function withApprovalPoints(plan: Plan, mode: ApprovalMode): Plan {
  if (mode === "auto") return plan;
  const { leaves, edges } = compileGraph(plan);
  const open = new Set(leaves.filter(isOpen).map(({ id }) => id));
  const waitsFor = Map.groupBy(
    edges.filter(({ from, to }) => open.has(from) && open.has(to)),
    (edge) => edge.from,
  );
  /** What lies directly before a set of tasks and outside of it. */
  const before = (ids: ReadonlySet<string>) =>
    new Set([...ids].flatMap((id) => (waitsFor.get(id) ?? []).map(({ to }) => to)).filter((id) => !ids.has(id)));

  const points: { id: string; title: string; guarded: Set<string>; after: Set<string> }[] = [];
  if (mode === "checkpoints") {
    for (const phase of plan.phases) {
      const guarded = new Set(leaves.filter((task) => open.has(task.id) && task.phase === phase.id).map(({ id }) => id));
      const after = before(guarded);
      if (after.size > 0)
        points.push({ id: `approve-${phase.id}`, title: `Approve phase ${phase.displayId}: ${phase.title}`, guarded, after });
    }
  }
  if (mode === "checkpoints") {
    for (const task of leaves.filter(({ id, labels }) => open.has(id) && labels.includes(checkpointLabel))) {
      const guarded = new Set([task.id]);
      const after = before(guarded);
      if (after.size > 0)
        points.push({ id: `approve-before-${task.id}`, title: `Approve before: ${task.title}`, guarded, after });
    }
  }
  const deploys = new Set(leaves.filter((task) => open.has(task.id) && task.kind === "deploy").map(({ id }) => id));
  if (deploys.size > 0)
    points.push({ id: "approve-deployment", title: "Approve the deployment", guarded: deploys, after: before(deploys) });
  else if (mode === "final") {
    const needed = new Set(edges.map(({ to }) => to));
    const ends = new Set([...open].filter((id) => !needed.has(id)));
    points.push({ id: "approve-result", title: "Approve the result", guarded: new Set(), after: ends });
  }
  const taken = new Set([...plan.tasks, ...plan.phases].map(({ id }) => id));
  const added = points
    .filter(({ id }) => !taken.has(id))
    .map(({ id, title, after }) =>
      Task.parse({
        id,
        displayId: id,
        title,
        role: "checkpoint-verify",
        kind: "human",
        automation: "HUMAN_ONLY",
        requiresHuman: "The plan was handed off to be approved here.",
        classifiedBy: approvalPoint,
        estimate: { likely: 5 },
        dependencies: [...after].map((to) => edge(to)),
      }),
    );
  const guards = new Map<string, string[]>();
  for (const { id, guarded } of points)
    if (!taken.has(id)) for (const task of guarded) guards.set(task, [...(guards.get(task) ?? []), id]);
  const tasks = plan.tasks.map((task) => {
    const own = guards.get(task.id);
    return own === undefined ? task : { ...task, dependencies: [...task.dependencies, ...own.map((to) => edge(to))] };
  });
  return { ...plan, tasks: [...tasks, ...added] };
}

const edge = (to: string) => ({ to, kind: "implied" as const, rule: "approval-mode", active: true });
