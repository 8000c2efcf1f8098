import type { Recognised } from "../assemble.ts";
import type { Draft } from "../draft.ts";
import { readChecklist } from "./checklist.ts";
import { readGsdRoadmap } from "./gsd-roadmap.ts";
import type { Source } from "./source.ts";
import { readTaskList } from "./task-list.ts";
import { readTaskSections } from "./task-sections.ts";

export type Reader = (source: Source, format: Recognised) => Draft;

/** The reader of each format, by the name under which it is reported and can be asked for. */
export const readers: Record<string, Reader> = {
  "gsd-roadmap": readGsdRoadmap,
  "task-list": readTaskList,
  "task-sections": readTaskSections,
  checklist: readChecklist,
};
