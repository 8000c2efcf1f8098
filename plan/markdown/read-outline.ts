import type { ListItem, Nodes, RootContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { PlanError } from "../plan-error.ts";
import type { Warning } from "../source-text.ts";
import { blocksOnly } from "./blocks-only.ts";
import type { Block, Fence, Item, Line, Section } from "./outline.ts";

export type Outline = { root: Section; lines: string[]; warnings: Warning[] };

const maxDepth = 64;
const maxLineLength = 100_000;
/** Parse time grows faster than the text, so long texts are cut at headings. */
const chunkLength = 12_000;
const boxMark = /^\[( |x|X|-|~|\/|!|>|\?|f|wip|[✓✔✗])?\](\\?\*)?(?=\s|$)/u;

/** Reads a markdown text into its outline. */
export function readOutline(text: string, file = ""): Outline {
  const warnings: Warning[] = [];
  const lines = text
    .replace(/\u00a0/g, " ")
    .replace(/[\u200b\u200c\u2060\ufeff]/g, "")
    .split("\n");
  refuseExtremes(lines, file);
  let blocks = parseAll(lines);
  for (let open = unclosedFence(blocks); open; open = unclosedFence(blocks)) {
    warnings.push({
      code: "open-fence",
      line: open.line,
      text: `The code fence opened on line ${open.line} is never closed; the opening was read as text.`,
      fix: "Close the fence with a line of the same marks.",
    });
    lines[open.line - 1] = (lines[open.line - 1] ?? "").replace(/`{3,}|~{3,}/, "\\$&");
    blocks = parseAll(lines);
  }
  return { root: nest(blocks, lines.length), lines, warnings };
}

function refuseExtremes(lines: string[], file: string): void {
  for (const [index, line] of lines.entries()) {
    const at = { file, line: index + 1, column: 1 };
    if (line.length > maxLineLength) {
      const message = `Line ${index + 1} has ${line.length} characters; the limit is ${maxLineLength}.`;
      throw new PlanError([{ code: "long-line", message, ...at, fix: "Break the line." }]);
    }
    const opening = /^[\s>*+\d.)-]*/.exec(line)?.[0] ?? "";
    const depth = Math.max(
      opening.replace(/[^>*+-]/g, "").length - (/^\s*([-*_]\s*){3,}$/.test(line) ? line.length : 0),
      indentDepth(line),
    );
    if (depth > maxDepth) {
      const message = `Line ${index + 1} is nested ${depth} levels deep; the limit is ${maxDepth}.`;
      throw new PlanError([{ code: "too-deep", message, ...at, fix: "Flatten the list." }]);
    }
  }
}

function indentDepth(line: string): number {
  const marker = /^(\s*)(?:[-*+]|\d+[.)])\s/.exec(line);
  return marker ? Math.floor((marker[1]?.replace(/\t/g, "    ").length ?? 0) / 2) : 0;
}

type Top = Block | { kind: "heading"; level: number; title: string; line: number; endLine: number };

/**
 * A heading at the start of a line, after an empty one, ends everything but an open fence or an open HTML block of the kinds that span
 * empty lines. So the text is cut there; where a chunk ends inside one of those two, it is read again up to a later heading.
 */
function parseAll(lines: string[]): Top[] {
  const all: Top[] = [];
  let start = 0;
  let wanted = chunkLength;
  while (start < lines.length) {
    const end = nextCut(lines, start, wanted);
    const chunk = parseChunk(lines, start, end);
    if (end < lines.length && endsOpen(chunk.at(-1))) {
      wanted *= 2;
      continue;
    }
    for (const block of chunk) all.push(block);
    start = end;
    wanted = chunkLength;
  }
  return all;
}

function nextCut(lines: string[], start: number, wanted: number): number {
  let length = 0;
  for (let index = start; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (length > wanted && /^#{1,6}\s/.test(line) && (lines[index - 1] ?? "").trim() === "") return index;
    length += line.length + 1;
  }
  return lines.length;
}

function endsOpen(last: Top | undefined): boolean {
  if (last?.kind === "fence") return !last.closed;
  return (
    last?.kind === "html" &&
    /^\s*<(?:!--(?![\s\S]*-->)|(script|pre|style|textarea)\b(?![\s\S]*<\/\1>)|\?(?![\s\S]*\?>)|!)/i.test(last.text)
  );
}

function parseChunk(lines: string[], start: number, end: number): Top[] {
  const text = lines.slice(start, end).join("\n");
  const tree = fromMarkdown(text, "utf-8", blocksOnly);
  const reader = { lines, offset: start };
  return tree.children.flatMap((node) => toTop(node, reader));
}

type Reader = { lines: string[]; offset: number };

function span(node: Nodes, { offset }: Reader): { line: number; endLine: number } {
  return { line: (node.position?.start.line ?? 1) + offset, endLine: (node.position?.end.line ?? 1) + offset };
}

function toTop(node: RootContent, reader: Reader): Top[] {
  if (node.type !== "heading") return toBlocks(node, reader);
  const { line, endLine } = span(node, reader);
  const raw = reader.lines[line - 1] ?? "";
  const title = raw
    .replace(/^\s*#{1,6}\s*/, "")
    .replace(/\s+#+\s*$/, "")
    .trim();
  return [{ kind: "heading", level: node.depth, title, line, endLine }];
}

function toBlocks(node: RootContent, reader: Reader): Block[] {
  const place = span(node, reader);
  switch (node.type) {
    case "paragraph":
    case "heading":
      return [{ kind: "paragraph", lines: rawLines(node, reader), ...place }];
    case "list":
      return [
        { kind: "list", ordered: node.ordered === true, items: node.children.map((item) => toItem(item, reader)), ...place },
      ];
    case "table": {
      const [header, ...rows] = node.children.map((row) => ({
        cells: splitRow(rawLines(row, reader)[0]?.text ?? ""),
        line: span(row, reader).line,
      }));
      return [{ kind: "table", header: header?.cells ?? [], rows, ...place }];
    }
    case "code":
      return [toFence(node.lang ?? "", node.value, place, reader)];
    case "html":
      return [{ kind: "html", text: node.value, ...place }];
    case "blockquote":
      return [{ kind: "quote", blocks: node.children.flatMap((child) => toBlocks(child, reader)), ...place }];
    default:
      return [];
  }
}

/** An indented block is code too, and may show a fence further on in its line. */
const fenceAtStart = /^(?:[\s>]|[-*+]\s|\d+[.)]\s)*(`{3,}|~{3,})/;

function toFence(lang: string, text: string, place: { line: number; endLine: number }, { lines }: Reader): Fence {
  const opening = fenceAtStart.exec(lines[place.line - 1] ?? "")?.[1];
  const last = (lines[place.endLine - 1] ?? "").replace(/^[\s>]*/, "").trimEnd();
  const closes = opening !== undefined && last.length >= opening.length && new RegExp(`^[${opening[0]}]+$`).test(last);
  const closed =
    opening === undefined || (closes && place.endLine > place.line) || place.endLine < lines.length - trailingEmpty(lines);
  return { kind: "fence", lang: lang.toLowerCase(), text, ...place, closed };
}

function trailingEmpty(lines: string[]): number {
  let count = 0;
  while (count < lines.length && (lines[lines.length - 1 - count] ?? "").trim() === "") count++;
  return count;
}

function toItem(node: ListItem, reader: Reader): Item {
  const { line, endLine } = span(node, reader);
  const indent = (node.position?.start.column ?? 1) - 1;
  const [first, ...rest] = node.children;
  const opensWithText = first?.type === "paragraph" || (first?.type === "heading" && span(first, reader).line === line);
  const raw = opensWithText ? rawLines(first, reader) : [];
  const head = (raw[0]?.line === line ? raw[0].text : (reader.lines[line - 1] ?? "").slice(indent)).trimStart();
  const marker = /^(?:[-*+]|(\d+)[.)])(?:\s+|$)/.exec(head);
  const afterMarker = marker ? head.slice(marker[0].length) : head;
  const box = boxMark.exec(afterMarker);
  const text = opensWithText ? (box ? afterMarker.slice(box[0].length) : afterMarker).trim() : "";
  return {
    text,
    ...(box && { box: box[1] ?? " " }),
    starred: box?.[2] !== undefined,
    ...(marker?.[1] !== undefined && { number: Number(marker[1]) }),
    continuation: raw.slice(1),
    line,
    endLine,
    indent,
    blocks: (opensWithText ? rest : node.children).flatMap((child) => toBlocks(child, reader)),
  };
}

/** The source lines of a node without indentation and quote marks. */
function rawLines(node: Nodes, reader: Reader): Line[] {
  const { line, endLine } = span(node, reader);
  const found: Line[] = [];
  for (let number = line; number <= endLine; number++) {
    const text = (reader.lines[number - 1] ?? "").replace(/^[\s>]+/, "").trimEnd();
    found.push({ text, line: number });
  }
  return found;
}

/** Cells of a table row; a bar inside a code span or after a backslash does not end the cell. */
function splitRow(row: string): string[] {
  const cells = row
    .replace(/^\s*\|/, "")
    .replace(/\|\s*$/, "")
    .split(/(?<!\\)\|/);
  return cells.map((cell) => cell.replace(/\\\|/g, "|").trim());
}

function unclosedFence(blocks: Top[]): Fence | undefined {
  const last = blocks.at(-1);
  return last?.kind === "fence" && !last.closed ? last : undefined;
}

function nest(blocks: Top[], lineCount: number): Section {
  const root: Section = { level: 0, title: "", line: 1, endLine: lineCount, blocks: [], children: [] };
  let current = root;
  for (const block of blocks) {
    if (block.kind !== "heading") {
      current.blocks.push(block);
      continue;
    }
    while (current.level >= block.level && current.parent) {
      current.endLine = block.line - 1;
      current = current.parent;
    }
    const section: Section = {
      level: block.level,
      title: block.title,
      line: block.line,
      endLine: lineCount,
      blocks: [],
      children: [],
      parent: current,
    };
    current.children.push(section);
    current = section;
  }
  return root;
}
