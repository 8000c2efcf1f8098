/** `longhaul plan`: reads a plan and shows what it would become. Starts nothing and needs no orchestrator. */
import { resolve } from "node:path";
import { readPlanPath } from "../../plan/folder.ts";
import { compileGraph, isEffectivelyDone, type PlanGraph } from "../../plan/graph.ts";
import type { ParsedPlan, Plan, Task } from "../../plan/model.ts";
import { exitCodes } from "../exit-codes.ts";
import { answer, fit, mark, paint } from "../terminal.ts";

export async function plan(file: string, flags: { json?: boolean; format?: string }): Promise<number> {
  const parsed = await readPlanPath(resolve(file), flags.format === undefined ? {} : { format: flags.format });
  const graph = compileGraph(parsed.plan);
  answer(flags.json === true, parsed, () => describe(parsed, graph));
  return exitCodes.ok;
}

function describe(parsed: ParsedPlan, graph: PlanGraph): string[] {
  const { plan: it, report } = parsed;
  const { counts, format } = report;
  return [
    paint("bold", it.title),
    `read as ${format.name}${format.variant === undefined ? "" : ` (${format.variant})`}, confidence ${format.confidence}: ${format.why}`,
    `${counts.tasks} tasks (${counts.leaf_tasks} to run, ${counts.effective_done} done already)${counts.phases === null ? "" : `, ${counts.phases} phases`}, ${counts.criteria} criteria`,
    "",
    ...tree(it, graph),
    "",
    paint("bold", "Waves (what can run together)"),
    ...graph.waves.map((wave, index) => `  ${index + 1}  ${fit(wave.join(", "), 140)}`),
    "",
    paint("bold", "Critical path"),
    `  ${graph.criticalPath.ids.join(" → ")}  (about ${Math.round(graph.criticalPath.minutes)} min)`,
    ...notes(parsed),
  ];
}

function tree(it: Plan, graph: PlanGraph): string[] {
  const lines = (tasks: Task[], indent: string): string[] =>
    tasks.flatMap((task) => [
      line(it, task, graph, indent),
      ...lines(
        it.tasks.filter((child) => child.parent === task.id),
        `${indent}  `,
      ),
    ]);
  const tops = it.tasks.filter((task) => task.parent === undefined);
  return [
    ...it.phases.flatMap((phase) => [
      `${phase.displayId}  ${paint("bold", fit(phase.title, 100))}`,
      ...lines(
        tops.filter((task) => task.phase === phase.id),
        "  ",
      ),
    ]),
    ...lines(
      tops.filter((task) => task.phase === undefined),
      "",
    ),
  ];
}

function line(it: Plan, task: Task, graph: PlanGraph, indent: string): string {
  const waits = graph.edges
    .filter((edge) => edge.from === task.id)
    .map((edge) => `${edge.to}${edge.kind === "explicit" ? "" : "*"}`);
  const facts = [
    task.kind,
    ...(waits.length === 0 ? [] : [`after ${waits.join(", ")}`]),
    ...(task.sourceLine === undefined ? [] : [`line ${task.sourceLine}`]),
  ];
  return `${indent}${mark(isEffectivelyDone(it, task) ? "completed" : "pending")} ${task.id}  ${fit(task.title, 80)}  ${paint("gray", facts.join(" · "))}`;
}

function notes({ report }: ParsedPlan): string[] {
  const at = (number: number | undefined) => (number === undefined ? "" : `line ${number}: `);
  const warnings = report.warnings.map(
    (warning) => `  ${mark("blocked")} ${at(warning.line)}${warning.text}${warning.fix === undefined ? "" : ` → ${warning.fix}`}`,
  );
  const ignored = report.ignored.map(({ lines, why }) => `  lines ${fit(lines.join(", "), 60)}: ${why}`);
  const inferred =
    report.inferred.length === 0 ? [] : ["", `* ${report.inferred.length} dependencies were inferred from order, not written.`];
  return [
    ...inferred,
    ...(warnings.length === 0 ? [] : ["", paint("bold", "Warnings"), ...warnings]),
    ...(ignored.length === 0 ? [] : ["", paint("bold", "Not taken as tasks"), ...ignored]),
  ];
}
