/** GSD-2's manifest: arrays of milestones, slices and tasks that name each other. Slices are groups, and only their `depends` orders them. */
import { type Draft, newDraft, newGroup } from "../draft.ts";
import { inSequence } from "../order.ts";
import { statusOfWord } from "../status-words.ts";
import { has, idLines, isRecord, records, textOf, texts } from "./record.ts";
import type { Source } from "./source.ts";
import { setLine } from "./task-master.ts";
import { readTaskRecord } from "./task-record.ts";

export function isGsd2Manifest(value: unknown): boolean {
  return isRecord(value) && Array.isArray(value.milestones) && Array.isArray(value.slices) && Array.isArray(value.tasks);
}

export function readGsd2Manifest(source: Source): Draft {
  const root = isRecord(source.json) ? source.json : {};
  const draft = newDraft({
    source: "ROADMAP",
    title: textOf(root, "title", "name") ?? source.name,
    groupStatus: "own",
    standIns: true,
  });
  for (const milestone of records(root.milestones))
    draft.milestones.push({ id: textOf(milestone, "id") ?? "", title: textOf(milestone, "title", "name") ?? "" });
  for (const slice of records(root.slices)) {
    const raw = textOf(slice, "status");
    const group = newGroup({
      displayId: textOf(slice, "id") ?? String(draft.groups.length + 1),
      title: textOf(slice, "title", "name") ?? "",
      listsDependencies: true,
    });
    const milestone = textOf(slice, "milestone", "milestone_id", "milestoneId");
    if (milestone !== undefined) group.milestone = milestone;
    if (raw !== undefined)
      Object.assign(group, { status: statusOfWord(raw) ?? "pending", statusSources: [{ where: "status", says: raw }] });
    for (const to of texts(slice.depends)) group.waits.push({ to, kind: "explicit", rule: "depends" });
    draft.groups.push(group);
  }
  for (const [index, record] of records(root.tasks).entries()) {
    const task = readTaskRecord(record, index, draft, { defaultId: (at) => `T${String(at + 1).padStart(2, "0")}` });
    const slice = textOf(record, "slice", "slice_id", "sliceId");
    const group = draft.groups.find((candidate) => candidate.displayId === slice);
    if (group) task.group = group;
    if (!has(record, "depends", "dependencies")) task.listsDependencies = false;
  }
  const lineOf = idLines(source.text.text);
  for (const task of draft.tasks) setLine(task, lineOf(task.displayId));
  for (const group of draft.groups)
    inSequence(
      draft.tasks.filter((task) => task.group === group),
      "D5",
    );
  return draft;
}
