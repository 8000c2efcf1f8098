import type { z } from "zod";
import type { Criterion } from "../model.ts";
import { statusOfBox } from "../status-words.ts";
import { readField } from "./fields.ts";
import { type Item, plain, type Section } from "./outline.ts";

type DraftCriterion = z.input<typeof Criterion>;

const criteriaTitle =
  /\b(?:success|acceptance|completion|quality|exit|validation|verification|verify|final|review)\s+(?:criteria|check(?:s|list|points?)?|gates?|metrics|measures|assurance)\b|\bcriteria\b|\bdefinition of done\b|\bmetrics\b|\btargets?\b|\bkpis?\b|\bmust[- ]haves?\b|^verification\b|^validation\b|\bdeliverables\b|\bsuccess indicators\b|^checklist before\b|\btruths\b|\bverification$/i;
const antiTitle = /\b(?:things to avoid|avoid|anti-?patterns?|don'?ts?|what not to do|pitfalls)\b/i;

/** Headings and labels whose items state what must hold, not what to do. */
export function namesCriteria(title: string): boolean {
  return criteriaTitle.test(plain(title));
}

/** Headings whose items state what must not be done. */
function namesAntiCriteria(title: string): boolean {
  return antiTitle.test(plain(title));
}

/** The nearest heading at or above a section that names criteria or anti-criteria. */
export function criteriaKind(section: Section | undefined): "criteria" | "anti" | undefined {
  for (let at = section; at && at.level > 0; at = at.parent) {
    if (namesAntiCriteria(at.title)) return "anti";
    if (namesCriteria(at.title)) return "criteria";
  }
  return undefined;
}

/** A list item as a criterion. A command in backticks at its start can be run to check it. */
export function criterionOf(item: Item, id: string, anti = false): DraftCriterion {
  const command = /^`([^`]+)`\s*(?:[—–:-]|→|succeeds|passes|exits|returns|$)/.exec(item.text)?.[1];
  const looksRunnable =
    command !== undefined && /^[\w./-]+(?:\s|$)/.test(command) && /\s|^(?:make|pytest|npm|cargo|go)$/.test(command);
  return {
    id,
    criterion: plain(
      [item.text, ...item.continuation.map(({ text }) => text).filter((text) => readField(text) === undefined)].join(" "),
    ),
    anti: anti || /^(?:anti:|❌\s*don'?t)/i.test(item.text),
    test: looksRunnable ? "auto" : "manual",
    ...(looksRunnable && { command }),
    ...(item.box !== undefined && { status: statusOfBox(item.box) ?? "pending" }),
    line: item.line,
  };
}
