/**
 * The part of the live view that is drawn in place: the tree of phases with what runs in them, what needs attention, and the progress bar.
 * Where the tree does not fit, phases that are over and those to come are folded, then only what runs is left.
 */
import { mark } from "./marks.ts";
import type { PhaseProgress, Progress } from "./progress.ts";
import { commandLine, duration, type Paint } from "./terminal.ts";
import { cells, cut, fit } from "./text-width.ts";

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const widestBar = 28;
const narrowestBar = 6;

export type FrameOptions = {
  nowMs: number;
  /** Cells per line and lines that there is room for. */
  width: number;
  height: number;
  /** Counts the redraws. */
  tick: number;
  /** Since when the orchestrator has not answered. */
  awaySinceMs: number | undefined;
  paint: Paint;
};

/** Lines of at most `width` cells; the progress bar is the last. */
export function frameOf(progress: Progress, options: FrameOptions): string[] {
  const { width, height, paint, nowMs, awaySinceMs } = options;
  const notes = [
    ...(progress.waiting === 0
      ? []
      : [`  ${mark("blocked", paint)} ${progress.waiting} waiting for you: ${commandLine("inbox")}`]),
    ...(progress.paused ? [`  ${mark("paused", paint)} paused`] : []),
    ...(awaySinceMs === undefined
      ? []
      : [
          `  ${paint("yellow", "!")} the orchestrator has not answered for ${duration((nowMs - awaySinceMs) / 1000)}; its tasks go on. Start it: ${commandLine("up")}`,
        ]),
  ];
  const room = Math.max(1, height - notes.length - 2);
  return [
    ...(treeLines(progress, options, room) ?? runningLines(progress, options, room)),
    ...notes,
    barLine(progress, options),
  ].map((line) => cut(line, width));
}

function runningLines({ running }: Progress, options: FrameOptions, room: number): string[] {
  const shown = running.length <= room ? running.length : room - 1;
  const hidden = running.length - shown;
  return [
    ...running.slice(0, shown).map((task) => taskLine(task, options)),
    ...(hidden === 0 ? [] : [`    … and ${hidden} more`]),
  ];
}

/** Undefined where there is no tree, or no room for one. */
function treeLines(progress: Progress, options: FrameOptions, room: number): string[] | undefined {
  const { phases, running } = progress;
  if (phases.length < 2) return undefined;
  const inPhase = Map.groupBy(running, (task) => task.phase);
  const isOver = (phase: PhaseProgress) => phase.done >= phase.total && !inPhase.has(phase.id);
  const isToCome = (phase: PhaseProgress) => phase.done === 0 && !inPhase.has(phase.id) && !isOver(phase);
  const branch = (phase: PhaseProgress) => [
    phaseLine(phase, isOver(phase) ? "completed" : isToCome(phase) ? "pending" : "running", options),
    ...(inPhase.get(phase.id) ?? []).map((task) => `  ${taskLine(task, options)}`),
  ];
  const over = phases.filter(isOver);
  const toCome = phases.filter(isToCome);
  const others = phases.filter((phase) => !isOver(phase) && !isToCome(phase));
  const outside = (inPhase.get(null) ?? []).map((task) => taskLine(task, options));
  const folded = (state: "completed" | "pending", folds: PhaseProgress[], what: string) =>
    folds.length === 0
      ? []
      : [`  ${mark(state, options.paint)} ${folds.length} ${folds.length === 1 ? "phase" : "phases"} ${what}`];
  const trees = [
    [...phases.flatMap(branch), ...outside],
    [...folded("completed", over, "done"), ...[...others, ...toCome].flatMap(branch), ...outside],
    [...folded("completed", over, "done"), ...others.flatMap(branch), ...folded("pending", toCome, "to come"), ...outside],
  ];
  return trees.find((lines) => lines.length <= room);
}

function phaseLine(
  { title, done, total }: PhaseProgress,
  state: "completed" | "pending" | "running",
  options: FrameOptions,
): string {
  const { width, paint } = options;
  const name = fit(title, Math.max(8, width - 18));
  return `  ${mark(state, paint)} ${state === "running" ? paint("bold", name) : name}  ${paint("gray", `${done}/${total}`)}`;
}

function taskLine(task: Progress["running"][number], { tick, nowMs, width, paint }: FrameOptions): string {
  const sign = task.verifying ? "◉" : (spinner[tick % spinner.length] ?? "");
  const elapsed = duration((nowMs - task.startedMs) / 1000);
  const head = `  ${sign} ${task.id}  ${fit(task.title, Math.max(12, Math.floor(width / 2)))}  ${elapsed}`;
  const last = task.verifying ? "verifying" : task.lastLine;
  const room = width - cells(head) - 2;
  return `${paint("cyan", head)}${room > 3 && last !== "" ? `  ${paint("gray", fit(last, room))}` : ""}`;
}

function barLine({ done, failed, total, startedMs, running }: Progress, { nowMs, width, paint }: FrameOptions): string {
  const share = total === 0 ? 1 : done / total;
  const elapsedSeconds = Math.max(0, nowMs - startedMs) / 1000;
  // The pace so far, carried on; nothing is said before the first task ended.
  const left =
    done === 0 || done + failed >= total || running.length === 0
      ? ""
      : `  about ${duration((elapsedSeconds / done) * (total - done - failed))} left`;
  const facts = `${done}/${total}  ${Math.floor(share * 100)} %  ${duration(elapsedSeconds)}${left}`;
  const failures = failed === 0 ? "" : `  ${paint("red", `${failed} failed`)}`;
  const bar = Math.min(widestBar, width - cells(facts) - cells(failures) - 4);
  if (bar < narrowestBar) return `  ${facts}${failures}`;
  const filled = Math.floor(share * bar);
  return `  ${paint("green", "█".repeat(filled))}${"░".repeat(bar - filled)}  ${facts}${failures}`;
}
