/**
 * Backlog.md: one task per file, its fields in front matter. Dependencies are tasks of other files; `parent_task_id` is hierarchy and no
 * dependency (D12).
 */
import { type Draft, newDraft, newTask } from "../draft.ts";
import { criterionOf } from "../markdown/criteria.ts";
import { itemsOf, plain, sectionsOf } from "../markdown/outline.ts";
import { setPriority } from "../markdown/work-details.ts";
import { PlanError } from "../plan-error.ts";
import { statusOfWord } from "../status-words.ts";
import { type Fields, rest, text, texts } from "./record.ts";
import type { Source } from "./source.ts";

const known = new Set(["id", "title", "status", "assignee", "labels", "dependencies", "priority", "modified_files"]);

export function readBacklogTask(source: Source): Draft {
  const { data, error } = source.frontMatter;
  if (error) throw error;
  if (!data)
    throw new PlanError([
      {
        code: "front-matter",
        message: "A Backlog.md task needs front matter with its id and status; there is none.",
        line: 1,
        column: 1,
        fix: "Start the file with `---`, `id: …`, `status: …`, `---`.",
      },
    ]);
  const id = text(data.id) ?? source.name.replace(/\.md$/i, "");
  const title = text(data.title) ?? id;
  const draft = newDraft({ source: "TASK_LIST", title, isExternal: () => true, groupStatus: "never", keyedById: true });
  const raw = text(data.status) ?? "To Do";
  const status = statusOfWord(raw);
  const task = newTask({
    displayId: id,
    title,
    description: sectionText(source, /^description$/i),
    status: status ?? "pending",
    statusRaw: raw,
    statusSources: [{ where: "front matter", line: lineOf(source, "status"), says: raw }],
    labels: texts(data.labels),
    files: { modify: texts(data.modified_files) },
    extra: rest(data as Fields, known),
    listsDependencies: true,
    sourceLine: 1,
  });
  if (status === undefined)
    draft.warnings.push({
      code: "unknown-status",
      text: `${id} has the status "${raw}", which is not known; it counts as pending.`,
    });
  const priority = text(data.priority);
  if (priority !== undefined) setPriority(task, priority);
  const [assignee] = texts(data.assignee);
  if (assignee !== undefined) task.assignee = assignee;
  const notes = sectionText(source, /^implementation (?:plan|notes)$/i);
  if (notes !== "") task.notes = notes;
  for (const ref of texts(data.dependencies))
    task.waits.push({ to: ref, kind: "external", rule: "dependencies", line: lineOf(source, "dependencies") });
  readCriteria(source, task);
  draft.tasks.push(task);
  draft.warnings.push(...source.outline.warnings);
  return draft;
}

function lineOf(source: Source, key: string): number {
  return source.text.text.split("\n").findIndex((line) => line.startsWith(`${key}:`)) + 1 || 1;
}

function readCriteria(source: Source, task: ReturnType<typeof newTask>): void {
  for (const top of sectionsOf(source.outline.root)) {
    if (!/^(?:acceptance criteria|definition of done)/i.test(plain(top.title))) continue;
    const prefix = /^acceptance/i.test(top.title) ? "AC" : "DOD";
    for (const section of sectionsOf(top)) {
      for (const item of itemsOf(section.blocks)) {
        if (item.box === undefined) continue;
        const number = /^#(\d+)\s+/.exec(item.text);
        const criterion = criterionOf(
          { ...item, text: number ? item.text.slice(number[0].length) : item.text },
          `${task.displayId}.${prefix}${number?.[1] ?? task.verification.length + 1}`,
        );
        task.verification.push(criterion);
      }
    }
  }
}

function sectionText(source: Source, title: RegExp): string {
  const found = [...sectionsOf(source.outline.root)].find((section) => title.test(plain(section.title)));
  const lines = found?.blocks.flatMap((block) => (block.kind === "paragraph" ? block.lines.map((line) => line.text) : [])) ?? [];
  return lines.join("\n").trim();
}
