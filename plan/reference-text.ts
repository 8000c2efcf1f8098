import { compareIds } from "./order.ts";

export type WrittenReferences = {
  /** The names that are depended on; empty for "None". */
  names: string[];
  /** "All previous": every one before the one that says so. */
  allPrevious: boolean;
  /** The value says something although no name could be read from it. */
  prose?: string;
};

const none = /^(?:none|nothing|n\/?a|no dependencies|no|-|—|–|\[\]|null|independent)?(?=$|[\s.(,;—–-])/i;
const idPattern = String.raw`(?:[A-Za-z]{1,10}[-_])?[A-Za-z]{0,3}\d+[A-Za-z]?(?:[.-]\d+[A-Za-z]?)*`;
const noun = String.raw`(?:phases?|tasks?|steps?|slices?|plans?|stages?|units?|issues?|story|stories|milestones?|chunks?)`;
const reference = new RegExp(
  `^(?:${noun}\\s+)?\`?(${idPattern})\`?(?:\\s*(?:-|–|—|\\.\\.|to|through)\\s*(?:${noun}\\s+)?\`?(${idPattern})\`?)?(?=$|[\\s.:;!])`,
  "i",
);

/**
 * Reads the value of a dependency field: "Phase 3 (Agent Integration)", "Phases 1-3", "T012, T013", "Nothing (v1 complete)", "All previous
 * phases", "Phase 1 (for constants); Phase 2 must be passing". Words in brackets and after an id are comment (R1).
 */
export function readReferences(raw: string, known: string[] = []): WrittenReferences {
  const text = raw
    .replace(/[`*_]{2,}/g, "")
    .replace(/\([^()]*\)/g, " ")
    .replace(/（[^（）]*）/g, " ")
    .replace(/^\[|\]$/g, "")
    .trim();
  if (text === "" || none.test(text)) return { names: [], allPrevious: false };
  if (/^all\s+(?:previous|prior|preceding|earlier|above|other)\b/i.test(text)) return { names: [], allPrevious: true };
  const names: string[] = [];
  for (const piece of text.split(/[,;&+]|\band\b|、/i)) {
    const found = reference.exec(piece.trim());
    if (!found?.[1]) continue;
    const range = found[2] !== undefined ? { from: found[1], to: found[2] } : hyphenRange(found[1], piece, known);
    for (const name of range ? expandRange(range.from, range.to, known) : [found[1]]) {
      if (!names.includes(name)) names.push(name);
    }
  }
  return { names, allPrevious: false, ...(names.length === 0 && { prose: text }) };
}

/** "Phases 1-3" is a range, "01-02" an id: a plural before it or known ends make the difference. */
function hyphenRange(id: string, piece: string, known: string[]): { from: string; to: string } | undefined {
  const ends = /^(\d+[A-Za-z]?)-(\d+[A-Za-z]?)$/.exec(id);
  if (!ends?.[1] || !ends[2] || known.includes(id)) return undefined;
  const plural = new RegExp(`^\\s*${noun.replace(/s\?/g, "s")}\\s`, "i").test(piece);
  return plural || (known.includes(ends[1]) && known.includes(ends[2])) ? { from: ends[1], to: ends[2] } : undefined;
}

/** "1-3" and "T004-T007": the known ids from one to the other, or the numbers between when none are known. */
export function expandRange(from: string, to: string, known: string[]): string[] {
  const prefix = /^[A-Za-z-]*/.exec(from)?.[0] ?? "";
  const end = /^\d/.test(to) ? prefix + to : to;
  const between = known.filter((id) => samePrefix(id, prefix) && compareIds(id, from) >= 0 && compareIds(id, end) <= 0);
  if (between.length > 0) return between;
  const first = Number(/\d+$/.exec(from)?.[0]);
  const last = Number(/\d+$/.exec(end)?.[0]);
  if (!(last >= first) || last - first > 1000) return [from, end];
  const width = from.slice(prefix.length).startsWith("0") ? from.length - prefix.length : 0;
  return Array.from({ length: last - first + 1 }, (_, index) => prefix + String(first + index).padStart(width, "0"));
}

function samePrefix(id: string, prefix: string): boolean {
  return (/^[A-Za-z-]*/.exec(id)?.[0] ?? "").toLowerCase() === prefix.toLowerCase();
}
