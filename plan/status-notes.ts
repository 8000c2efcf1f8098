import type { PlanGraph } from "./graph.ts";
import type { Plan, Task } from "./model.ts";
import type { Warning } from "./source-text.ts";
import { isMarkedDone, isOpen, isSetAside } from "./standing.ts";

/** What the user should know about statuses that contradict each other, stand-ins, held work and dropped edges. */
export function statusNotes(plan: Plan, graph: PlanGraph): Warning[] {
  return [
    ...coveredPhases(plan),
    ...standIns(plan),
    ...parentsAndParts(plan),
    ...doneWithOpenCriteria(plan),
    ...heldWork(graph),
    ...declaredWaves(graph),
    ...droppedEdges(graph),
    ...nothingToRun(plan, graph),
  ];
}

function coveredPhases(plan: Plan): Warning[] {
  const notes: Warning[] = [];
  const byGroup = Map.groupBy(plan.tasks, (task) => (task.placeholder ? undefined : task.coveredBy));
  for (const group of plan.phases) {
    const covered = byGroup.get(group.id);
    if (!covered) continue;
    const said = group.statusSources.find((source) => source.line !== undefined)?.line ?? group.sourceLine;
    const lines = covered.map((task) => task.sourceLine).filter((line) => line !== undefined);
    notes.push({
      code: "phase-covers-tasks",
      ...(said !== undefined && { line: said }),
      text:
        `Phase ${group.displayId} is marked complete${said !== undefined ? ` (line ${said})` : ""} but ${covered.length} of its plans are not ticked` +
        `${lines.length > 0 ? ` (lines ${lines.join(", ")})` : ""}. They will not run. Say \`--trust tasks\` to run them.`,
      fix: "Tick the plans, or hand over with --trust tasks.",
    });
  }
  return notes;
}

function standIns(plan: Plan): Warning[] {
  return plan.tasks
    .filter((task) => task.placeholder && isOpen(task))
    .map((task) => ({
      code: "stand-in",
      ...(task.sourceLine !== undefined && { line: task.sourceLine }),
      text: `Phase ${task.displayId} lists no plans; it will be one task.`,
      fix: "Plan the phase first if one task is too coarse.",
    }));
}

function parentsAndParts(plan: Plan): Warning[] {
  const notes: Warning[] = [];
  const parts = new Map<string, Task[]>();
  for (const task of plan.tasks) {
    if (task.parent === undefined) continue;
    const list = parts.get(task.parent);
    if (list) list.push(task);
    else parts.set(task.parent, [task]);
  }
  for (const task of plan.tasks) {
    const own = parts.get(task.id);
    if (!own) continue;
    const line = task.sourceLine === undefined ? {} : { line: task.sourceLine };
    const open = own.filter((part) => !part.optional && !isMarkedDone(part));
    if (task.status === "done" && open.length > 0) {
      const names = open.map((part) => part.displayId).join(", ");
      notes.push({
        code: "open-part",
        ...line,
        text: `${task.displayId} is ticked while its part ${names} is open; the part stays open.`,
      });
    } else if (task.status !== "done" && open.length === 0) {
      notes.push({
        code: "parent-closed",
        ...line,
        text: `${task.displayId} is not ticked but all its required parts are done; it counts as done.`,
      });
    }
  }
  return notes;
}

function doneWithOpenCriteria(plan: Plan): Warning[] {
  return plan.tasks
    .filter((task) => task.status === "done" && !task.placeholder)
    .flatMap((task) => {
      const open = task.verification.filter((criterion) => criterion.status === "pending" && !criterion.anti);
      // Numbered and plain criteria have no mark at all; only a file that ticks some of them says that the others are open.
      if (open.length === 0 || open.length === task.verification.length) return [];
      const first = open[0];
      return [
        {
          code: "done-with-open-criteria",
          ...(first?.line !== undefined && { line: first.line }),
          text: `${task.displayId} is done although ${open.length} of its criteria ${open.length === 1 ? "is" : "are"} open, such as "${first?.criterion}".`,
        },
      ];
    });
}

function heldWork(graph: PlanGraph): Warning[] {
  const tasks = new Map(graph.leaves.map((task) => [task.id, task]));
  const notes: Warning[] = [];
  for (const edge of graph.edges) {
    const to = tasks.get(edge.to);
    const from = tasks.get(edge.from);
    if (!to || !from || edge.kind !== "explicit" || !isOpen(from) || !isSetAside(to)) continue;
    notes.push({
      code: "held",
      ...(edge.line !== undefined && { line: edge.line }),
      text: `${from.displayId} depends on ${to.displayId}, which is ${to.optional ? "optional" : to.status}; it is held until you decide.`,
    });
  }
  return notes.slice(0, 50);
}

/** Waves are counted inside a phase. */
function declaredWaves(graph: PlanGraph): Warning[] {
  const wave = new Map(graph.leaves.map((task) => [task.id, task.wave]));
  const phase = new Map(graph.leaves.map((task) => [task.id, task.phase]));
  const notes: Warning[] = [];
  for (const edge of graph.edges) {
    const from = wave.get(edge.from);
    const to = wave.get(edge.to);
    if (edge.kind !== "explicit" || from === undefined || to === undefined || to < from) continue;
    if (phase.get(edge.from) !== phase.get(edge.to)) continue;
    notes.push({
      code: "wave",
      text: `${edge.from} is declared in wave ${from} but waits for ${edge.to} of wave ${to}; the dependency decides.`,
    });
  }
  return notes.slice(0, 50);
}

function droppedEdges(graph: PlanGraph): Warning[] {
  return graph.dropped.map((edge) => ({
    code: "dropped-order",
    ...(edge.line !== undefined && { line: edge.line }),
    text: `${edge.from} → ${edge.to} was implied by order (${edge.rule}) and closes a circle with what is written; it was dropped.`,
  }));
}

function nothingToRun(plan: Plan, graph: PlanGraph): Warning[] {
  const real = plan.tasks.filter((task) => !task.placeholder);
  if (graph.leaves.length === 0 || graph.leaves.some(isOpen)) return [];
  const count = real.length > 0 ? real.length : plan.tasks.length;
  return [
    {
      code: "all-done",
      text: `All ${count} tasks are marked done.`,
      fix: "Nothing is left to run; reopen what should run again.",
    },
  ];
}
