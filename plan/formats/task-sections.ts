/**
 * Plans whose tasks are headings, `### Task N: Title` or `### Iteration N: Title`: boxes below are steps, the task is done when all of them
 * are. Headings above (`## Chunk N`, `## Phase N`) are groups.
 */
import { type Draft, type DraftGroup, type DraftTask, newDraft, newGroup, newTask } from "../draft.ts";
import { criteriaKind, criterionOf } from "../markdown/criteria.ts";
import { fieldNamed, fieldsOf } from "../markdown/fields.ts";
import { type Block, itemsOf, plain, type Section, sectionsOf, withoutLeadingSigns } from "../markdown/outline.ts";
import { readWorkDetails } from "../markdown/work-details.ts";
import { inSequence } from "../order.ts";
import { statusOfBox } from "../status-words.ts";
import { nameDependencies } from "./checklist-items.ts";
import type { Source } from "./source.ts";

const taskHeading =
  /^(?:`?\[( |x|X|-|~|wip|f)\]`?\s*)?(?:(Task|Iteration)\s+#?(\d+(?:\.\d+)*[A-Za-z]?)|(U\d+))\s*(?:[:.)—–-]\s*(.*))?$/i;
const groupHeading = /^(?:Chunk|Phase|Milestone|Stage|Sprint|Part|Week|Day)\s+(\w+(?:\.\d+)*)\s*(?:[:.—–-]\s*(.*))?$/i;

/** The task that a heading names, if it names one. */
export function taskOfHeading(title: string): { id: string; title: string; word: string; box?: string } | undefined {
  const found = taskHeading.exec(plain(withoutLeadingSigns(title)).replace(/^`(\[.{1,3}\])`/, "$1"));
  const id = found?.[3] ?? found?.[4];
  if (!found || id === undefined) return undefined;
  return { id, title: (found[5] ?? "").trim(), word: found[2] ?? "", ...(found[1] !== undefined && { box: found[1] }) };
}

export function readTaskSections(source: Source): Draft {
  const { root, warnings } = source.outline;
  const sections = [...sectionsOf(root)];
  const draft = newDraft({
    source: "INLINE",
    title: documentTitle(sections, source),
    warnings: [...warnings],
    groupStatus: "always",
  });
  const groups = new Map<Section, DraftGroup>();
  const inTask = new Set<Section>();
  for (const section of sections) {
    if (section.parent && inTask.has(section.parent)) {
      inTask.add(section);
      continue;
    }
    const named = taskOfHeading(section.title);
    if (named) {
      inTask.add(section);
      draft.tasks.push(readTask(section, named, groupAbove(section, groups, draft)));
    } else {
      readCriteriaBoxes(section, draft);
    }
  }
  nameDependencies(draft);
  inSequence(draft.tasks, "D15");
  return draft;
}

/** The first H1, without a leading label such as "Plan:". */
export function documentTitle(sections: Section[], source: Source): string {
  const title = plain(sections.find((section) => section.level === 1)?.title ?? sections[1]?.title ?? "");
  return title || source.name || "Plan";
}

function groupAbove(section: Section, groups: Map<Section, DraftGroup>, draft: Draft): DraftGroup | undefined {
  for (let at = section.parent; at && at.level > 0; at = at.parent) {
    const found = groupHeading.exec(plain(withoutLeadingSigns(at.title)));
    if (!found?.[1]) continue;
    const known = groups.get(at);
    if (known) return known;
    const group = newGroup({ displayId: found[1], title: found[2]?.trim() || plain(at.title), sourceLine: at.line });
    groups.set(at, group);
    draft.groups.push(group);
    return group;
  }
  return undefined;
}

function readTask(
  section: Section,
  named: { id: string; title: string; box?: string },
  group: DraftGroup | undefined,
): DraftTask {
  const blocks = [...sectionsOf(section)].flatMap((part) => part.blocks);
  const task = newTask({
    displayId: named.id,
    title: named.title || plain(section.title),
    sourceLine: section.line,
    sourceEndLine: section.endLine,
    ...(group && { group }),
  });
  task.steps = stepsOf(section);
  readWorkDetails(task, blocks);
  const own = statusOfBox(named.box) ?? (/✅/u.test(section.title) ? "done" : undefined);
  const stepsDone = task.steps.length > 0 && task.steps.every((step) => step.status === "done");
  const started = task.steps.some((step) => step.status === "done");
  task.status = own ?? (stepsDone ? "done" : started ? "in_progress" : "pending");
  if (own) task.statusSources = [{ where: "heading", line: section.line, says: named.box ?? "✅" }];
  else if (task.steps.length > 0)
    task.statusSources = [
      {
        where: "steps",
        line: section.line,
        says: `${task.steps.filter((step) => step.status === "done").length}/${task.steps.length}`,
      },
    ];
  for (const child of section.children) {
    if (criteriaKind(child) === undefined) continue;
    for (const item of itemsOf(child.blocks))
      if (item.box !== undefined) task.verification.push(criterionOf(item, `${task.displayId}.c${task.verification.length + 1}`));
  }
  const depends = fieldNamed(fieldsOf(blocks), "depends on", "dependencies", "depends", "needs", "after");
  if (depends) {
    task.listsDependencies = true;
    task.waits.push({ to: depends.value, kind: "explicit", rule: "written", line: depends.line });
  }
  return task;
}

/** A box whose own text shows a box is about checkboxes, not one. */
function stepsOf(section: Section): NonNullable<DraftTask["steps"]> {
  const steps: NonNullable<DraftTask["steps"]> = [];
  for (const part of sectionsOf(section)) {
    if (part !== section && criteriaKind(part) !== undefined) continue;
    for (const item of itemsOf(part.blocks)) {
      if (item.box === undefined || /^\[[ xX]\]/.test(item.text)) continue;
      steps.push({ text: plain(item.text), status: statusOfBox(item.box) ?? "pending", line: item.line });
    }
  }
  return steps;
}

function readCriteriaBoxes(section: Section, draft: Draft): void {
  const kind = criteriaKind(section);
  const blocks: Block[] = section.blocks;
  for (const item of itemsOf(blocks)) {
    if (item.box === undefined) continue;
    if (kind) draft.criteria.push(criterionOf(item, `c${draft.criteria.length + 1}`, kind === "anti"));
    else draft.ignored.push({ lines: [item.line], why: `"${plain(item.text)}" stands outside the tasks.` });
  }
}
