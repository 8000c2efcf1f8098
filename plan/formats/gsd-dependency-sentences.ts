import type { Draft } from "../draft.ts";
import { itemsOf, plain, type Section } from "../markdown/outline.ts";
import { readReferences } from "../reference-text.ts";
import { normalId } from "./gsd-phase-id.ts";

/**
 * Dependencies of phases as a section of sentences: "Phase 4 depends on Phase 2 (…) and Phase 3 (…)", "Phases 1, 2, 3 can run in parallel".
 * Fields of the phases themselves win.
 */
export function readDependencySentences(section: Section, draft: Draft): void {
  if (!/\bdependenc(?:y|ies)\b|\bexecution order\b/i.test(section.title)) return;
  const known = draft.groups.map((group) => group.displayId);
  for (const item of itemsOf(section.blocks)) {
    const text = plain(item.text).replace(/\([^()]*\)/g, "");
    const depends = /^(Phases?\s.+?)\s+(?:depends? on|requires?|needs?)\s+(.+)$/i.exec(text);
    const parallel = /^(Phases?\s.+?)\s+(?:can|may)\s+(?:run|start|be done|execute)\s+in parallel\b/i.exec(text);
    const subjects = readReferences(depends?.[1] ?? parallel?.[1] ?? "", known).names.map(normalId);
    const objects = depends ? readReferences(depends[2] ?? "", known).names.map(normalId) : [];
    for (const name of subjects) {
      const group = draft.groups.find((candidate) => candidate.displayId.toLowerCase() === name.toLowerCase());
      if (!group || group.waits.some((wait) => wait.rule === "written")) continue;
      group.listsDependencies = true;
      if (parallel) group.parallelNames.push(...subjects.filter((other) => other !== name));
      for (const to of objects) group.waits.push({ to, kind: "explicit", rule: "sentence", line: item.line });
    }
  }
}
