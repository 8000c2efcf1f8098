/** What the command line prints on: answers on standard output, everything else on standard error. */
import { relative } from "node:path";
import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Colours for one stream: only where it is a terminal and NO_COLOR does not forbid them. */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  return (style, text) => styleText(style, text, { stream });
}

/** Colours for answers. */
export const paint: Paint = (style, text) => paintFor(process.stdout)(style, text);

/** Cells that a table on standard output may take; files and pipes take any. */
export function answerWidth(): number {
  return process.stdout.isTTY ? (process.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
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

/** A command as this user can type it: `longhaul …` where it was called by that name, else `node bin/longhaul.mjs …`. */
export function commandLine(text: string, script = process.argv[1] ?? "longhaul", folder = process.cwd()): string {
  if (!script.endsWith(".mjs")) return `longhaul ${text}`;
  const near = relative(folder, script);
  return `node ${near.length < script.length ? near : script} ${text}`;
}

/** 75 → "1m 15s"; below ten seconds with a decimal. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)}s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${rest}s` : `${rest}s`;
}
