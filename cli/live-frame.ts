/** The part of the live view that is drawn in place: a line per running task, what needs attention, and the progress bar. */
import { mark } from "./marks.ts";
import type { Progress } from "./progress.ts";
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
  const shown = progress.running.length <= room ? progress.running.length : room - 1;
  const hidden = progress.running.length - shown;
  return [
    ...progress.running.slice(0, shown).map((task) => taskLine(task, options)),
    ...(hidden === 0 ? [] : [`    … and ${hidden} more`]),
    ...notes,
    barLine(progress, options),
  ].map((line) => cut(line, width));
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
