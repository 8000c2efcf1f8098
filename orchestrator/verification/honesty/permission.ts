/** Whether the plan or the task's own words ask for what was found. */

import type { Suspicion } from "./compare-tests.ts";
import type { TaskWords } from "./finding.ts";

const removal =
  /\b(?:remov\w+|delet\w+|drop\w*|retir\w+|discard\w*|get rid of|strip|rm|no longer (?:support|need)\w*|sunset\w*)\b/i;
const runners = /\b(?:jest|vitest|mocha|jasmine|ava|pytest|unittest|nose|tox|cargo|nextest|node:test|playwright|cypress)\b/gi;
/** Words that say nothing about what something is. */
const common = new Set(
  "test tests spec unit index main file files code that this with from into when does have should must not and the for its all any are was new old use src lib remove delete drop".split(
    " ",
  ),
);

export function isAllowed(task: TaskWords, found: Suspicion): boolean {
  if (task.allowed.includes(found.kind)) return true;
  switch (found.kind) {
    case "deleted":
      return task.deletes.includes(found.file) || (removal.test(task.text) && isAbout(task.text, found.about));
    case "rewritten":
      return found.values !== undefined && named(task.text, found.values);
    case "weakened":
      return (
        removal.test(task.text) &&
        found.values === undefined &&
        isAbout(task.text, found.about) &&
        !/\bassert|expect|test/i.test(task.text)
      );
    case "snapshot":
      return /\bsnapshots?\b/i.test(task.text) || (found.values !== undefined && named(task.text, found.values));
    case "narrowed":
      return found.values !== undefined && switchesTo(task.text, found.values.after.join(" "));
    default:
      return false;
  }
}

/** The values that changed, in part or whole, are those the task speaks about. */
function named(text: string, { before, after }: NonNullable<Suspicion["values"]>): boolean {
  const old = words(before);
  const now = words(after);
  const spoken = words([text]);
  const changed = [...now].filter((word) => !old.has(word));
  const gone = [...old].filter((word) => !now.has(word));
  if (changed.length > 0) return changed.every((word) => spoken.has(word));
  return gone.length > 0 && gone.every((word) => spoken.has(word));
}

const words = (texts: readonly string[]) =>
  new Set(texts.flatMap((text) => text.toLowerCase().match(/\d+(?:\.\d+)?|[\p{L}_]+/gu) ?? []));

/** At least one word of some weight in common; "cached" and "cache", "oldTotal" and "total" are the same. */
function isAbout(text: string, about: string): boolean {
  const spoken = stems(text);
  return [...stems(about)].some((stem) => spoken.has(stem));
}

function stems(text: string): Set<string> {
  const split = text.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
  const found = split.match(/[\p{L}\d]{3,}/gu) ?? [];
  return new Set(found.filter((word) => !common.has(word)).map((word) => word.replace(/(?:ing|ed|es|s|e)$/, "").slice(0, 8)));
}

function switchesTo(text: string, command: string): boolean {
  if (!/\b(?:migrat\w+|switch\w*|replac\w+|mov\w+|convert\w*|port\w*|use|adopt)\b/i.test(text)) return false;
  const spoken = new Set((text.match(runners) ?? []).map((name) => name.toLowerCase()));
  return (command.match(runners) ?? []).some((name) => spoken.has(name.toLowerCase()));
}
