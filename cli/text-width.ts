/** Text in terminal cells: East Asian and emoji characters take two, combining marks none, colours none. */

const escapes = /\x1b\[[0-9;]*m/g;
const plainAscii = /^[\x20-\x7e]*$/;
const combining = /^[\p{M}\p{Cf}]$/u;
const wide =
  /^[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** How many cells the text takes on a terminal. */
export function cells(text: string): number {
  const plain = text.replaceAll(escapes, "");
  if (plainAscii.test(plain)) return plain.length;
  let sum = 0;
  for (const character of plain) sum += cellsOf(character);
  return sum;
}

function cellsOf(character: string): number {
  return combining.test(character) ? 0 : wide.test(character) ? 2 : 1;
}

/** Text of plans and tasks for one line: it may contain anything, so control and formatting characters go. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ");
}

/** Text of plans and tasks, cut to a width. */
export function fit(text: string, width: number): string {
  return cut(oneLine(text), width);
}

/** Cuts a line of our own, which may be coloured, to a width; colours that were on are switched off. */
export function cut(line: string, width: number): string {
  if (cells(line) <= width) return line;
  let room = Math.max(0, width - 1);
  let kept = "";
  for (const part of line.split(/(\x1b\[[0-9;]*m)/)) {
    if (part.startsWith("\x1b[")) {
      kept += part;
      continue;
    }
    for (const character of part) {
      room -= cellsOf(character);
      if (room < 0) return `${kept}${width > 0 ? "…" : ""}${kept.includes("\x1b[") ? "\x1b[0m" : ""}`;
      kept += character;
    }
  }
  return kept;
}

/** Rows as lines whose columns are as wide as their widest cell, cut to `width`. */
export function columns(rows: string[][], width = Number.POSITIVE_INFINITY): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => cells(row[column] ?? ""))));
  const pad = (cell: string, column: number) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - cells(cell)));
  return rows.map((row) => cut(row.map(pad).join("  ").trimEnd(), width));
}
