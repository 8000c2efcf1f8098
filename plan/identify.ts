import type { Draft, DraftGroup, DraftTask } from "./draft.ts";
import type { PlanProblem } from "./plan-error.ts";

const maxIdLength = 200;

export type Identities = { groups: Map<DraftGroup, string>; tasks: Map<DraftTask, string> };

/**
 * Gives every group and task an id that is unique in the plan. Numbering that restarts per group is qualified by the group ("2A/1"); a true
 * repetition gets a suffix and a warning, or is refused where the format keys by id or something depends on it.
 */
export function identify(draft: Draft, file: string): Identities {
  const taken = new Set<string>();
  const groups = new Map<DraftGroup, string>();
  for (const group of draft.groups) groups.set(group, claim(taken, `phase-${slug(group.displayId)}`));

  const sharing = new Map<string, DraftTask[]>();
  for (const task of draft.tasks) {
    const same = sharing.get(task.displayId);
    if (same) same.push(task);
    else sharing.set(task.displayId, [task]);
  }
  const tasks = new Map<DraftTask, string>();
  for (const task of draft.tasks) {
    const repeated = (sharing.get(task.displayId)?.length ?? 0) > 1;
    const qualified = repeated && task.group ? `${task.group.displayId}/${task.displayId}` : task.displayId;
    tasks.set(task, claim(taken, qualified.slice(0, maxIdLength - 8)));
  }
  for (const [displayId, same] of sharing) if (same.length > 1) noteRepetition(draft, displayId, same, file);
  return { groups, tasks };
}

function noteRepetition(draft: Draft, displayId: string, same: DraftTask[], file: string): void {
  const lines = same.map((task) => task.sourceLine).filter((line) => line !== undefined);
  const where = `(lines ${lines.join(", ")})`;
  const byGroup = new Set(same.map((task) => task.group));
  if (byGroup.size === same.length) {
    const text = `Id ${displayId} is used in ${same.length} groups ${where}; it is qualified by the group.`;
    draft.warnings.push({ code: "qualified-id", text, ...(lines[0] !== undefined && { line: lines[0] }), ...(file && { file }) });
    return;
  }
  const text = `Id ${displayId} is used ${same.length === 2 ? "twice" : `${same.length} times`} ${where}.`;
  draft.warnings.push({
    code: "duplicate-id",
    text,
    ...(lines[1] !== undefined && { line: lines[1] }),
    ...(file && { file }),
    fix: "Give each task an id of its own.",
  });
}

/** The problem of a repeated id that cannot be tolerated, because a dependency names it or the format looks items up by it. */
export function duplicateProblem(displayId: string, lines: number[], file: string, why: string): PlanProblem {
  const times = lines.length > 2 ? `${lines.length} times` : "twice";
  const where = lines.length > 0 ? ` (lines ${lines.join(", ")})` : "";
  return {
    code: "duplicate-id",
    message: `Id ${displayId} is used ${times}${where}, ${why}.`,
    ...(file && { file }),
    ...(lines[1] !== undefined && { line: lines[1], column: 1 }),
    fix: "Give each task an id of its own.",
  };
}

function claim(taken: Set<string>, wanted: string): string {
  const base = wanted || "task";
  let id = base;
  for (let count = 2; taken.has(id); count++) id = `${base}~${count}`;
  taken.add(id);
  return id;
}

function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}.]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return plain.slice(0, 80) || "group";
}
