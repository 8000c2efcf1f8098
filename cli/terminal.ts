/** What the command line prints on: answers on standard output, everything else on standard error. */
import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

/** Colours where the stream is a terminal and NO_COLOR does not forbid them. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** An answer: JSON for scripts, or lines for people. */
export function answer(json: boolean, value: unknown, lines: () => string[]): void {
  process.stdout.write(
    json
      ? `${JSON.stringify(value, null, 2)}\n`
      : lines()
          .map((line) => `${line}\n`)
          .join(""),
  );
}

export function notice(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** 75 → "1m 15s"; below ten seconds with a decimal. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${rest}s` : `${rest}s`;
}

const marks: Record<string, [string, Style]> = {
  completed: ["✔", "green"],
  failed: ["✘", "red"],
  cancelled: ["⊘", "yellow"],
  skipped: ["↷", "gray"],
  in_progress: ["▶", "cyan"],
  verifying: ["◉", "cyan"],
  running: ["▶", "cyan"],
  queued: ["·", "gray"],
  pending: ["·", "gray"],
  retrying: ["↻", "yellow"],
  awaiting_human: ["☝", "yellow"],
  awaiting_approval: ["☝", "yellow"],
  blocked: ["☝", "yellow"],
  paused: ["‖", "yellow"],
};

/** A sign for a state of a task or an execution. */
export function mark(status: string): string {
  const [sign, style] = marks[status] ?? ["·", "gray"];
  return paint(style, sign);
}

/** Lines with columns as wide as their widest cell. */
export function columns(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => visibleLength(row[column] ?? ""))));
  const pad = (cell: string, column: number) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - visibleLength(cell)));
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}

function visibleLength(text: string): number {
  return text.replaceAll(/\x1b\[[0-9;]*m/g, "").length;
}

/** Cuts to the width of the terminal; text of tasks may contain anything, so control characters go. */
export function fit(text: string, width: number): string {
  const plain = text.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ");
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(0, width - 1))}…`;
}
