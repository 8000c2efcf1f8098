/** The table of a run as Markdown: medians, Longhaul's ratio to each, and how each engine was set up. */
import type { OrchestratorOutcome } from "./handoff.ts";
import type { Figures } from "./measure.ts";
import type { Summary } from "./summary.ts";

type Column = { title: string; value: (figures: Figures) => string };

const columns: Column[] = [
  { title: "DAG, tasks/s", value: ({ dagPerSecond }) => whole(dagPerSecond) },
  { title: "independent, tasks/s", value: ({ independentPerSecond }) => whole(independentPerSecond) },
  { title: "fan, ms", value: ({ fanMs }) => whole(fanMs) },
  { title: "hop p50 / p99, ms", value: ({ hopP50Ms, hopP99Ms }) => `${short(hopP50Ms)} / ${short(hopP99Ms)}` },
  { title: "idle p50 / p99, ms", value: ({ idleP50Ms, idleP99Ms }) => `${short(idleP50Ms)} / ${short(idleP99Ms)}` },
  { title: "RSS, MB", value: ({ memoryMb }) => (Number.isNaN(memoryMb) ? "–" : whole(memoryMb)) },
  { title: "CPU ms/task", value: ({ cpuMsPerTask }) => (Number.isNaN(cpuMsPerTask) ? "–" : cpuMsPerTask.toFixed(2)) },
];

/** Ratios above 1 mean that Longhaul is better, whatever the unit. */
export function renderTable(summaries: Summary[]): string {
  const longhaul = summaries.find((summary) => summary.measured && summary.engine.standing === "longhaul");
  const base = longhaul?.measured === true ? longhaul.figures : undefined;
  const rows = summaries.map((summary) =>
    summary.measured
      ? [summary.engine.name, ...columns.map(({ value }) => value(summary.figures)), ratios(base, summary.figures)]
      : [summary.name, ...columns.map(() => "–"), "–"],
  );
  const titles = ["engine", ...columns.map(({ title }) => title), "Longhaul is better by (DAG, fan, hop)"];
  const notes = summaries.map((summary) =>
    summary.measured
      ? `- ${summary.engine.name}: ${[summary.engine.setup, ...summary.remarks].join("; ")}`
      : `- ${summary.name}: ${summary.reason}`,
  );
  return [...aligned([titles, ...rows]), "", ...notes].join("\n");
}

export function renderOrchestrator(outcome: OrchestratorOutcome): string {
  if (outcome.status === "failed") return `orchestrator process: FAILED: ${outcome.message.split("\n")[0]}`;
  const { handoffP50Ms, handoffP95Ms, notificationP99Ms, memoryMb, bareTaskMs, taskMs } = outcome.figures;
  return [
    `orchestrator process: handoff p50 / p95 ${short(handoffP50Ms)} / ${short(handoffP95Ms)} ms, 99 % of notifications within ${short(notificationP99Ms)} ms`,
    `RSS ${Number.isNaN(memoryMb) ? "–" : whole(memoryMb)} MB`,
    `shell task ${whole(taskMs)} ms handed off, ${whole(bareTaskMs)} ms bare`,
  ].join(" · ");
}

function ratios(longhaul: Figures | undefined, peer: Figures): string {
  if (longhaul === undefined || longhaul === peer) return "";
  const found = [longhaul.dagPerSecond / peer.dagPerSecond, peer.fanMs / longhaul.fanMs, peer.hopP50Ms / longhaul.hopP50Ms];
  return found.map((ratio) => `${short(ratio)}×`).join(", ");
}

function aligned(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)];
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function short(value: number): string {
  return value >= 20 ? whole(value) : value.toFixed(1);
}
