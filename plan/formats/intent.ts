/** One sentence, expanded by the eight-step template. Only read so when asked to: a sentence alone is no plan. */
import type { Draft } from "../draft.ts";
import { PlanError } from "../plan-error.ts";
import { intentBuild } from "../templates/intent-build.ts";
import { expandTemplate } from "../templates/template.ts";
import { Source } from "./source.ts";
import { readTaskList } from "./task-list.ts";

const longestIntent = 2000;

export function readIntent(source: Source): Draft {
  const intent = source.text.text.trim().replace(/\s+/g, " ");
  if (intent.length > longestIntent) {
    throw new PlanError([
      {
        code: "intent",
        message: `The intent has ${intent.length} characters; the limit is ${longestIntent}.`,
        line: 1,
        column: 1,
        fix: "Say it in a sentence or two.",
      },
    ]);
  }
  const [expanded] = expandTemplate(intentBuild, { ...source.parameters, intent });
  const text = JSON.stringify(expanded?.plan);
  const draft = readTaskList(new Source({ ...source.text, text, file: "intent.json" }));
  // The lines are those of the expanded text, which nobody has seen.
  for (const task of draft.tasks) {
    delete task.sourceLine;
    task.sourceFile = source.file;
  }
  draft.source = "INTENT";
  return draft;
}
