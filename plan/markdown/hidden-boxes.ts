import type { Ignored } from "../draft.ts";
import { blocksOf, sectionsOf } from "./outline.ts";
import type { Outline } from "./read-outline.ts";

const box = /^\s*(?:[-*+]|\d+[.)])\s+\[[ xX]\]\s/;

/** Boxes that are examples or switched off: those inside code fences and HTML comments. */
export function hiddenBoxes({ root }: Outline): Ignored[] {
  const inFences: number[] = [];
  const inComments: number[] = [];
  for (const section of sectionsOf(root)) {
    for (const fence of blocksOf(section.blocks, "fence")) inFences.push(...linesWithBoxes(fence.text, fence.line + 1));
    for (const html of blocksOf(section.blocks, "html")) {
      if (/^\s*<!--/.test(html.text)) inComments.push(...linesWithBoxes(html.text, html.line));
    }
  }
  const found: Ignored[] = [];
  if (inFences.length > 0) found.push({ lines: inFences, why: tell(inFences, "inside code fences"), lookalike: true });
  if (inComments.length > 0) found.push({ lines: inComments, why: tell(inComments, "inside HTML comments"), lookalike: true });
  return found;
}

function linesWithBoxes(text: string, first: number): number[] {
  return text.split("\n").flatMap((line, index) => (box.test(line) ? [first + index] : []));
}

function tell(lines: number[], where: string): string {
  const count = lines.length === 1 ? "1 checkbox" : `${lines.length} checkboxes`;
  return `${count} ${where} ${lines.length === 1 ? "was" : "were"} ignored (line${lines.length === 1 ? "" : "s"} ${lines.join(", ")}).`;
}
