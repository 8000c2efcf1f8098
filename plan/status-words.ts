import type { PlanStatus } from "./model.ts";

const words = new Map<string, PlanStatus>();
const byStatus: [PlanStatus, string][] = [
  ["done", "done|complete|completed|closed|shipped|finished|resolved|merged|passed|implemented|released|delivered|verified"],
  [
    "in_progress",
    "in progress|in-progress|in_progress|inprogress|active|started|wip|doing|ongoing|dispatched|running|working|current|partial",
  ],
  [
    "pending",
    "pending|todo|to do|to-do|open|not started|not_started|notstarted|planned|planning|planning complete|new|backlog|ready|idle|queued|draft|proposed|tbd|upcoming|adjusted",
  ],
  ["review", "review|in review|in-review|in_review|ready for review|reviewing|testing|qa"],
  ["blocked", "blocked|on hold|on-hold|waiting|stuck"],
  ["failed", "failed|failure|error|broken"],
  ["skipped", "skipped|skip|n/a|not needed"],
  ["deferred", "deferred|postponed|later|parked|someday"],
  ["cancelled", "cancelled|canceled|dropped|abandoned|wontfix|won't do|won't fix|rejected|removed"],
  ["superseded", "superseded|replaced|obsolete|duplicate"],
];
for (const [status, list] of byStatus) for (const word of list.split("|")) words.set(word, status);

/** The status a word of the source means; undefined when the word is not known. Marks and dates around it do not matter. */
export function statusOfWord(raw: string): PlanStatus | undefined {
  const text = raw
    .toLowerCase()
    .replace(/\(.*?\)/g, " ")
    .replace(/[*_`]{1,3}(?=\s|$)|^[*_`]+/g, " ")
    .replace(/[\p{Extended_Pictographic}\u{fe0f}✓✔✗✘]/gu, " ")
    .replace(/\b\d{4}-\d{2}-\d{2}\b.*$/, " ")
    .replace(/\s+/g, " ")
    .trim();
  const whole = words.get(text);
  if (whole) return whole;
  const head = text.split(/\s[—–-]\s|[,;:.]/)[0]?.trim() ?? "";
  return words.get(head) ?? (text === "" && /[✅✓✔]/u.test(raw) ? "done" : undefined);
}

/** The status a checkbox marker means. */
export function statusOfBox(box: string | undefined): PlanStatus | undefined {
  switch (box) {
    case undefined:
      return undefined;
    case "x":
    case "X":
    case "✓":
    case "✔":
      return "done";
    case "-":
    case "/":
    case "wip":
    case ">":
    case "~":
      return "in_progress";
    case "!":
      return "blocked";
    case "f":
    case "✗":
      return "failed";
    default:
      return "pending";
  }
}

/** True where the work does not run again. Only `done` and `skipped` also satisfy what depends on it. */
export function settles(status: PlanStatus): boolean {
  return status === "done" || status === "skipped" || status === "cancelled" || status === "superseded";
}
