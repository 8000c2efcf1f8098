import type { Draft } from "./draft.ts";
import type { Recognised } from "./recognised.ts";
import type { Warning } from "./source-text.ts";

/** Why a file yields nothing to run, with what was seen instead and the nearest remedy; never a bare "empty plan". */
export function noTasksWarning(draft: Draft, format: Recognised): Warning[] {
  if (draft.tasks.length > 0 || (draft.standIns && draft.groups.length > 0)) return [];
  const criteria = draft.criteria.length + draft.groups.reduce((sum, group) => sum + group.criteria.length, 0);
  if (criteria > 0 && draft.groups.length === 0) {
    return [
      {
        code: "no-tasks",
        text: `No tasks found. This file states ${criteria} criteria and no tasks.`,
        fix: "Let tasks be generated from the criteria, or add a checklist of what to do.",
      },
    ];
  }
  const hidden = draft.ignored.filter((entry) => entry.lookalike);
  const lines = hidden.flatMap((entry) => entry.lines);
  const boxes = lines.length > 0 ? `, ${lines.length} boxes in code fences or placeholders (lines ${lines.join(", ")})` : "";
  const outside = draft.externals.length > 0 ? `, ${draft.externals.length} references to tasks of other files` : "";
  const name = format.variant ? `${format.name} (${format.variant})` : format.name;
  return [
    {
      code: "no-tasks",
      text: `No tasks found. Read as ${name}: ${draft.groups.length} phases, 0 tasks, ${criteria} criteria${boxes}${outside}.`,
      fix: remedy(draft, lines.length),
    },
  ];
}

function remedy(draft: Draft, hidden: number): string {
  if (draft.externals.length > 0) return "Hand over the folder, so that the tasks of the other files are at hand.";
  if (hidden > 0) return "Take the boxes out of the code fence, or name the file that holds the plan.";
  return "Write what is to be done as `- [ ] …`, as `### Task 1: …`, or as a numbered list below a heading such as Steps.";
}
