/** A plan and its parse report as lines: the tasks with their source lines, what waits for what, waves, critical path, what was left out. */
import type { Forecast } from "../plan/forecast.ts";
import { isEffectivelyDone, type PlanGraph } from "../plan/graph.ts";
import type { ParsedPlan, Plan, Task } from "../plan/model.ts";
import { forecastLines } from "./forecast-text.ts";
import { mark } from "./marks.ts";
import { answerWidth, paint } from "./terminal.ts";
import { cut, fit } from "./text-width.ts";

/** Lists in the report are cut here; `--json` has all of it. */
const mostLines = 30;

export function planText(parsed: ParsedPlan, graph: PlanGraph, expected: Forecast): string[] {
  const { plan, report } = parsed;
  const { counts, format } = report;
  const doneCount = graph.leaves.filter((task) => isEffectivelyDone(plan, task)).length;
  const done = doneCount === 0 ? "" : `, ${doneCount} done already`;
  const phases = counts.phases === null || counts.phases === 0 ? "" : ` in ${plural(counts.phases, "phase")}`;
  return [
    paint("bold", fit(plan.title, 100)),
    `${plural(counts.leaf_tasks, "task")}${phases}${done}`,
    paint("gray", `read as ${format.name}${format.variant === undefined ? "" : ` (${format.variant})`}: ${format.why}`),
    "",
    ...tree(plan, graph),
    "",
    paint("bold", "Waves (what can run at the same time)"),
    ...graph.waves.map((wave, index) => `  ${index + 1}  ${cut(wave.join(", "), Math.min(answerWidth() - 6, 140))}`),
    "",
    paint("bold", "Critical path"),
    `  ${graph.criticalPath.ids.join(" → ") || "nothing is left to run"}`,
    "",
    paint("bold", "Forecast"),
    ...forecastLines(expected).map((line) => `  ${line}`),
    ...reportLines(parsed),
  ];
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function tree(plan: Plan, graph: PlanGraph): string[] {
  const parts = Map.groupBy(plan.tasks, (task) => task.parent);
  const tops = Map.groupBy(parts.get(undefined) ?? [], (task) => task.phase);
  const waitsFor = Map.groupBy(graph.edges, (edge) => edge.from);
  const lines = (tasks: Task[] = [], indent: string): string[] =>
    tasks.flatMap((task) => [
      taskLine(plan, task, waitsFor.get(task.id) ?? [], indent),
      ...lines(parts.get(task.id), `${indent}  `),
    ]);
  return [
    ...plan.phases.flatMap((phase) => [
      `${phase.displayId}  ${paint("bold", fit(phase.title, 100))}`,
      ...lines(tops.get(phase.id), "  "),
    ]),
    ...lines(tops.get(undefined), ""),
  ];
}

function taskLine(plan: Plan, task: Task, edges: PlanGraph["edges"], indent: string): string {
  const waits = edges.map((edge) => `${edge.to}${edge.kind === "explicit" ? "" : "*"}`);
  const checks = task.verification.filter((criterion) => criterion.command !== undefined).length;
  const facts = [
    ...(task.sourceLine === undefined ? [] : [`line ${task.sourceLine}`]),
    task.automation === "FULL_AUTO" ? task.kind : "waits for a person",
    ...(checks === 0 ? [] : [plural(checks, "check")]),
    ...(waits.length === 0 ? [] : [`after ${waits.join(", ")}`]),
  ];
  const sign = mark(isEffectivelyDone(plan, task) ? "completed" : task.automation === "FULL_AUTO" ? "pending" : "awaiting_human");
  return cut(`${indent}${sign} ${task.id}  ${fit(task.title, 80)}  ${paint("gray", facts.join(" · "))}`, answerWidth());
}

function reportLines({ plan, report }: ParsedPlan): string[] {
  const at = (line: number | undefined) => (line === undefined ? "" : `line ${line}: `);
  return [
    ...section(
      "Inferred (*): order that is not written",
      report.inferred.map(({ from, to, line }) => `${at(line)}${from} after ${to}`),
    ),
    ...section(
      "Outside this plan: hand off with --confirm-external once these are done",
      plan.externalRefs.map(({ from, ref, line }) => `${at(line)}${from} needs ${ref}`),
    ),
    ...section(
      "Warnings",
      report.warnings.map(({ line, text, fix }) => `${at(line)}${text}${fix === undefined ? "" : ` → ${fix}`}`),
    ),
    ...section(
      "Not taken as tasks",
      report.ignored.map(({ lines, why }) => `${lines.length === 1 ? "line" : "lines"} ${ranges(lines)}: ${why}`),
    ),
  ];
}

function section(title: string, lines: string[]): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length > mostLines ? [`  … and ${lines.length - mostLines} more (--json has all)`] : [];
  return ["", paint("bold", title), ...lines.slice(0, mostLines).map((line) => `  ${fit(line, 240)}`), ...rest];
}

/** 3, 4, 5, 9 → "3–5, 9" */
function ranges(lines: number[]): string {
  const found: [number, number][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
