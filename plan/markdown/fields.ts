import { type Block, type Item, type Line, type List, plain } from "./outline.ts";

/** A labelled value: `**Goal**: …`, `- **Files:** …`, `Run: …`, `_Requirements: 1.1_`; `list` is the list that stands right below. */
export type Field = { name: string; value: string; line: number; list?: List; blocks: Block[] };

const labelled =
  /^(?:\*\*|__|_|\*)?([\p{L}][\p{L}\p{N} /&'’-]{0,40}?)(?:\*\*|__)?(?:\s*\(([^)]*)\))?(?:\*\*|__)?\s*[:：](?:\*\*|__|_|\*)?(?:\s+|$)(.*)$/u;

/** The label and value of one line, or undefined. A label is bold, or one of at most four words. */
export function readField(text: string): { name: string; value: string } | undefined {
  const found = labelled.exec(text.trim());
  if (!found?.[1]) return undefined;
  const bold = /^[*_]/.test(text.trim());
  if (!bold && found[1].trim().split(/\s+/).length > 4) return undefined;
  const value = (found[3] ?? "").replace(/^(?:\*\*|__)\s*/, "").trim();
  return { name: found[1].trim().toLowerCase().replace(/\s+/g, " "), value: bold ? value.replace(/(?<=[^*_])_$/, "") : value };
}

/** All labelled lines of some blocks, including those that continue or nest in list items. */
export function fieldsOf(blocks: Block[]): Field[] {
  const fields: Field[] = [];
  for (const [index, block] of blocks.entries()) {
    const next = blocks[index + 1];
    if (block.kind === "paragraph") addLines(fields, block.lines, next);
    else if (block.kind === "list")
      for (const item of block.items) addItem(fields, item, item === block.items.at(-1) ? next : undefined);
    else if (block.kind === "quote") fields.push(...fieldsOf(block.blocks));
  }
  return fields;
}

function addLines(fields: Field[], lines: Line[], next: Block | undefined): void {
  for (const [index, { text, line }] of lines.entries()) {
    const field = readField(text);
    if (!field) continue;
    const last = index === lines.length - 1;
    fields.push({ ...field, line, blocks: last && next ? [next] : [], ...(last && next?.kind === "list" && { list: next }) });
  }
}

function addItem(fields: Field[], item: Item, next: Block | undefined): void {
  const own = item.box === undefined ? readField(item.text) : undefined;
  const list = item.blocks.find((block) => block.kind === "list");
  if (own) fields.push({ ...own, line: item.line, blocks: item.blocks, ...(list && { list }) });
  addLines(fields, item.continuation, item.blocks[0] ?? next);
  if (!own) fields.push(...fieldsOf(item.blocks));
}

/** The first field with one of some names. */
export function fieldNamed(fields: Field[], ...names: string[]): Field | undefined {
  return fields.find((field) => names.includes(field.name));
}

/** Paths and commands between backticks, or the whole text when there are none. */
export function codeSpans(text: string): string[] {
  const spans = [...text.matchAll(/(`+)(.+?)\1/g)].map((match) => (match[2] ?? "").trim());
  return spans.length > 0 ? spans : [plain(text)].filter((value) => value !== "");
}
