import type { Draft } from "../draft.ts";
import type { Recognised } from "../recognised.ts";
import { readBacklogTask } from "./backlog-task.ts";
import { readBeads } from "./beads.ts";
import { readBullets } from "./bullets.ts";
import { readChecklist } from "./checklist.ts";
import { readGsdPlan } from "./gsd-plan.ts";
import { readGsdRoadmap } from "./gsd-roadmap.ts";
import { readGsd2 } from "./gsd2.ts";
import { readGsd2Manifest } from "./gsd2-manifest.ts";
import { readIntent } from "./intent.ts";
import { readIsc, readIscRows } from "./isc.ts";
import { readNumberedBoxes } from "./numbered-boxes.ts";
import { readNumberedList } from "./numbered-list.ts";
import { readPlanExe } from "./planexe.ts";
import { readPlanExeTable } from "./planexe-csv.ts";
import { readPrp } from "./prp.ts";
import type { Source } from "./source.ts";
import { readSpecKit } from "./spec-kit.ts";
import { readStatusTables } from "./status-table.ts";
import { readFeatureList, readStoryList } from "./story-list.ts";
import { readTaskList } from "./task-list.ts";
import { readTaskMaster } from "./task-master.ts";
import { readTaskSections } from "./task-sections.ts";
import { readTodoList } from "./todo-list.ts";

export type Reader = (source: Source, format: Recognised) => Draft;

/** The reader of each format, by the name under which it is reported and can be asked for. */
export const readers: Record<string, Reader> = {
  "gsd-roadmap": readGsdRoadmap,
  "gsd-plan": readGsdPlan,
  "gsd-2": readGsd2,
  "gsd-2-manifest": readGsd2Manifest,
  prp: readPrp,
  isc: readIsc,
  "isc-json": readIscRows,
  "task-master": readTaskMaster,
  beads: readBeads,
  ralph: readStoryList,
  "feature-list": readFeatureList,
  "todo-list": readTodoList,
  "task-list": readTaskList,
  "spec-kit": readSpecKit,
  "numbered-boxes": readNumberedBoxes,
  "backlog-md": readBacklogTask,
  planexe: readPlanExe,
  "planexe-csv": readPlanExeTable,
  "task-sections": readTaskSections,
  checklist: readChecklist,
  "numbered-list": readNumberedList,
  "status-table": readStatusTables,
  bullets: readBullets,
  intent: readIntent,
};
