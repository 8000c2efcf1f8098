import { type Draft, type DraftTask, newTask } from "../draft.ts";
import { fieldNamed, fieldsOf } from "../markdown/fields.ts";
import { type Item, plain } from "../markdown/outline.ts";
import { readWorkDetails } from "../markdown/work-details.ts";
import { readReferences } from "../reference-text.ts";
import { statusOfBox } from "../status-words.ts";

const writtenId = /^(?:\*\*|`)?([A-Z]{1,10}-?\d+(?:[.-]\d+)*[a-z]?|\d+(?:\.\d+)+)(?:\*\*|`)?(?:\*\*)?\s*[:.)—–-]?\s+(?=\S)/;
const inlineDependency = /\((?:after|needs|depends on|blocked by):?\s+([^)]+)\)|\b(?:needs|after):\s*([\w., -]+)$/i;
const placeholder = /^\[?(?:TBD|TXXX|TODO)\b|^\[[A-Z][^\]]*\]$/;

/** True for stand-ins of templates: "TBD", "[Title]". */
export function isPlaceholder(text: string): boolean {
  return placeholder.test(plain(text));
}

/** A list item as a task, with an id if its text starts with one. Its dependencies stay text until all ids are known. */
export function itemTask(item: Item, defaultId: string): DraftTask {
  const id = writtenId.exec(item.text);
  const body = id ? item.text.slice(id[0].length) : item.text;
  const status = statusOfBox(item.box);
  const task = newTask({
    displayId: id?.[1] ?? defaultId,
    title: plain(body).replace(/^[\s—–:-]+/, "") || plain(item.text) || defaultId,
    sourceLine: item.line,
    sourceEndLine: item.endLine,
    ...(status && { status, statusSources: [{ where: "checkbox", line: item.line, says: item.box ?? "" }] }),
    ...(item.starred && { optional: true }),
  });
  readWorkDetails(task, [], item);
  const inline = inlineDependency.exec(item.text);
  const field = fieldNamed(fieldsOf(item.blocks), "depends on", "dependencies", "depends", "needs", "after");
  const written = field?.value ?? inline?.[1] ?? inline?.[2];
  if (written !== undefined) {
    task.listsDependencies = true;
    task.waits.push({ to: written, kind: "explicit", rule: "written", line: field?.line ?? item.line });
  }
  return task;
}

/** Turns dependency texts into names, now that all ids and titles are known. */
export function nameDependencies(draft: Draft): void {
  const known = draft.tasks.map((task) => task.displayId);
  const byTitle = new Map(draft.tasks.map((task) => [task.title.toLowerCase(), task]));
  for (const [index, task] of draft.tasks.entries()) {
    if (task.waits.length === 0) continue;
    task.waits = task.waits.flatMap((wait) => {
      if (typeof wait.to !== "string") return [wait];
      const titled = byTitle.get(plain(wait.to).toLowerCase());
      if (titled && titled !== task) return [{ ...wait, to: titled }];
      const written = readReferences(wait.to, known);
      const before = written.allPrevious ? known.slice(0, index) : [];
      if (written.prose !== undefined) {
        draft.warnings.push({
          code: "prose-dependency",
          ...(wait.line !== undefined && { line: wait.line }),
          text: `"${written.prose}" names no task; it was not read as a dependency of ${task.displayId}.`,
        });
      }
      return [...written.names, ...before].map((to) => ({ ...wait, to }));
    });
  }
}
