import type { Draft, DraftGroup } from "../draft.ts";
import { newGroup } from "../draft.ts";
import { readEstimate } from "../estimate-text.ts";
import { plain, type Section, withoutLeadingSigns } from "../markdown/outline.ts";

const numberedWord =
  /^(?:Chunk|Phase|Milestone|Stage|Sprint|Part|Week|Day|Step|Priority|Iteration)\s+(\w+(?:\.\w+)*)\s*(?:[:.—–-]\s*(.*))?$/i;
const numbered = /^(\d+(?:\.\d+)*)[.)]\s+(.*)$/;
const timely =
  /\b(?:t-\d+|\d+\s+(?:weeks?|days?|hours?|months?)\s+(?:before|after|out)|(?:weeks?|days?|hours?|months?)\s+(?:before|after|of)|day|first\s+(?:\d+\s+)?(?:hours?|days?|weeks?)|launch day|pre-?launch|post-?launch|before|after|during|throughout)\b/i;

/** "Phase 2A: Extrusion", "Step 1", "Chunk 3": the number and the rest. */
export function numberedHeading(title: string): { id: string; title: string; word: string } | undefined {
  const text = plain(withoutLeadingSigns(title));
  const found = numberedWord.exec(text);
  if (!found?.[1] || !/\d|^[A-Z]$/.test(found[1])) return undefined;
  return { id: found[1], title: (found[2] ?? "").trim() || text, word: (text.split(/\s/)[0] ?? "").toLowerCase() };
}

/** True for headings that say when: "1 Week Before", "Launch Day", "First Hour". */
export function namesTime(title: string): boolean {
  return timely.test(plain(title));
}

/** Groups of a draft by the heading that makes them; two headings with one number are one group. */
export class HeadingGroups {
  readonly #bySection = new Map<Section, DraftGroup>();
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  of(section: Section): DraftGroup {
    const known = this.#bySection.get(section);
    if (known) return known;
    const text = plain(withoutLeadingSigns(section.title));
    const named = numberedHeading(section.title);
    const listed = numbered.exec(text);
    const displayId = named?.id ?? listed?.[1] ?? (text.slice(0, 80) || String(this.#draft.groups.length + 1));
    const same = named && this.#draft.groups.find((group) => group.displayId === displayId);
    const group = same ?? newGroup({ displayId, title: named?.title ?? listed?.[2] ?? text, sourceLine: section.line });
    const raw = /\(([^()]*\d[^()]*)\)\s*$/.exec(text)?.[1];
    const estimate = raw && readEstimate(raw);
    if (estimate && group.estimate === undefined) group.estimate = estimate;
    this.#bySection.set(section, group);
    if (!same) this.#draft.groups.push(group);
    return group;
  }
}

/** The nearest heading at or above a section that carries a number of its own, such as a phase. */
export function numberedAbove(section: Section): Section | undefined {
  for (let at: Section | undefined = section; at && at.level > 0; at = at.parent)
    if (numberedHeading(at.title) && at.parent !== undefined && at.level > 1) return at;
  return undefined;
}
