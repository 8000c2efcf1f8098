import type { Draft, DraftGroup, DraftTask, Wait } from "../draft.ts";
import { readField } from "../markdown/fields.ts";
import { type Item, itemsOf, plain, type Section } from "../markdown/outline.ts";
import { expandRange, readReferences } from "../reference-text.ts";

/**
 * The Dependencies section is prose: "**Phase 5**: Depends on Phase 3 (not Phase 4)", "**User Stories 2-5 (Phases 4-7)**: All depend on User
 * Story 1", "T015 blocks T019, T020", "Tests (T005-T012) before implementation (T013-T026)". What a phase depends on is a list and replaces
 * order; sentences about tasks add to it.
 */
export function readSpecKitDependencies(sections: Section[], draft: Draft): void {
  nameInline(draft);
  for (const section of sections) {
    if (!/\bdependenc(?:y|ies)\b/i.test(section.title)) continue;
    for (const item of itemsOf(section.blocks)) {
      readPhaseSentence(item, draft);
      readTaskSentence(item, draft);
    }
  }
}

function readPhaseSentence(item: Item, draft: Draft): void {
  const field = labelled(item.text) ?? readField(item.text);
  if (!field) return;
  const subjects = groupsNamed(field.name, draft, undefined);
  if (subjects.length === 0) return;
  const statement = plain(field.value).split(/\s[—–-]\s|[.;]\s/)[0] ?? "";
  const none = /^no dependencies\b/i.test(statement);
  const depends = /\b(?:depends? on|(?:can |may )?(?:start|begin|proceed)s? after|requires?|needs?|after)\s+(.*)$/i.exec(
    statement,
  );
  if (!none && !depends) return;
  for (const group of subjects) {
    group.listsDependencies = true;
    for (const to of depends ? groupsNamed(depends[1] ?? "", draft, group) : []) {
      if (to !== group) group.waits.push({ to, kind: "explicit", rule: "sentence", line: item.line });
    }
  }
}

function labelled(text: string): { name: string; value: string } | undefined {
  const found = /^\*\*(.+?)\*\*\s*:\s*(.*)$/.exec(text);
  return found ? { name: found[1] ?? "", value: found[2] ?? "" } : undefined;
}

/** The phases that words name: by number, by story, by the first word of their title. */
function groupsNamed(words: string, draft: Draft, self: DraftGroup | undefined): DraftGroup[] {
  const { groups } = draft;
  const stories = groups.filter((group) => /\buser stor/i.test(group.title));
  if (/\ball (?:desired |required )?(?:user )?stories\b/i.test(words)) return stories;
  if (/\ball (?:previous|prior|other) phases\b/i.test(words)) return groups.slice(0, self ? groups.indexOf(self) : groups.length);
  if (/\bfinal phase\b/i.test(words)) return groups.slice(-1);
  const known = groups.map((group) => group.displayId);
  const bracketed = /\((Phases?[^)]*)\)/i.exec(words)?.[1];
  const phases = bracketed ?? /\bPhases?\s.*$/i.exec(words.replace(/\([^)]*\)/g, " "))?.[0];
  if (phases !== undefined) {
    const open = /Phase\s+(\d+)\+/i.exec(phases)?.[1];
    if (open !== undefined)
      return stories.length > 0 ? stories : groups.filter((group) => Number(group.displayId) >= Number(open));
    const names = readReferences(phases, known).names;
    return groups.filter((group) => names.includes(group.displayId));
  }
  const storyNumbers = [...words.matchAll(/\b(?:User Story|US)\s*(\d+)\b/gi)].map((match) => match[1]);
  if (storyNumbers.length > 0)
    return stories.filter((group) => storyNumbers.includes(/\bUser Story\s+(\d+)/i.exec(group.title)?.[1]));
  return groups.filter((group) => {
    const word = /^[A-Za-z]{4,}/.exec(group.title)?.[0];
    return word !== undefined && !/^user$/i.test(word) && new RegExp(`\\b${word}\\b`, "i").test(words);
  });
}

function readTaskSentence(item: Item, draft: Draft): void {
  const text = plain(item.text);
  const blocks = /^(.*?)\s+(?:blocks?|before|must (?:complete|finish) before)\s+(.*)$/i.exec(text);
  const needs = /^(.*?)\s+(?:needs?|depends? on|requires?|after)\s+(.*)$/i.exec(text);
  const [first, second] = blocks ? [blocks[1] ?? "", blocks[2] ?? ""] : needs ? [needs[2] ?? "", needs[1] ?? ""] : ["", ""];
  const before = tasksNamed(first, draft);
  if (before.length === 0) return;
  const rest = /\ball other (?:phases|tasks)\b/i.test(second)
    ? draft.tasks.filter((task) => !before.includes(task))
    : tasksNamed(second, draft);
  for (const task of rest) {
    for (const to of before) {
      const wait: Wait = { to, kind: "explicit", rule: "sentence", line: item.line };
      if (to !== task && !task.waits.some((known) => known.to === to || known.to === to.displayId)) task.waits.push(wait);
    }
  }
}

function tasksNamed(text: string, draft: Draft): DraftTask[] {
  const known = draft.tasks.map((task) => task.displayId);
  const names = [...text.matchAll(/\b(T\d+[a-z]?)(?:\s*(?:-|–|to)\s*(T?\d+[a-z]?))?\b/g)].flatMap(([, from = "", to]) =>
    to ? expandRange(from, to, known) : [from],
  );
  return draft.tasks.filter((task) => names.includes(task.displayId));
}

/** "T012, T013" and "T009-T014 tests" as names, now that all ids are known. */
function nameInline(draft: Draft): void {
  const known = draft.tasks.map((task) => task.displayId);
  for (const task of draft.tasks) {
    task.waits = task.waits.flatMap((wait) =>
      typeof wait.to === "string" ? readReferences(wait.to, known).names.map((to) => ({ ...wait, to })) : [wait],
    );
  }
}
