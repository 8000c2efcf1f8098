/**
 * What a format reader hands to the assembler: work in the order of the file, with references that are still names or still objects. Ids,
 * statuses of enclosing groups, counts and validation come later and are the same for every format.
 */
import type { z } from "zod";
import type { Criterion, Dependency, Group, planSources, Task } from "./model.ts";
import type { Warning } from "./source-text.ts";

/** A reference by name is looked up later; one by object was made by a rule about order. */
export type Wait = {
  to: string | DraftTask | DraftGroup;
  kind: Dependency["kind"];
  rule: string;
  line?: number;
  active?: boolean;
  /** Who depends on something outside, when it is not the task itself but the plan it belongs to. */
  onBehalfOf?: string;
};

type TaskFields = Omit<z.input<typeof Task>, "id" | "displayId" | "dependencies" | "phase" | "parent" | "verification">;
export type DraftTask = TaskFields & {
  node: "task";
  displayId: string;
  group?: DraftGroup;
  parentTask?: DraftTask;
  waits: Wait[];
  /** The source has a dependency field here, even if it says "None": order then implies nothing. */
  listsDependencies: boolean;
  /** Its commands are steps of work in words, next to code to be written: running them alone would not do the task. */
  commandsAreParts?: boolean;
  verification: z.input<typeof Criterion>[];
};

type GroupFields = Omit<z.input<typeof Group>, "id" | "displayId" | "order" | "dependencies" | "criteria" | "parallelWith">;
export type DraftGroup = GroupFields & {
  node: "group";
  displayId: string;
  waits: Wait[];
  listsDependencies: boolean;
  criteria: z.input<typeof Criterion>[];
  parallelNames: string[];
};

export type Ignored = { lines: number[]; why: string; lookalike?: boolean };

export type Draft = {
  source: (typeof planSources)[number];
  title: string;
  goal?: string;
  groups: DraftGroup[];
  tasks: DraftTask[];
  criteria: z.input<typeof Criterion>[];
  milestones: { id: string; title: string; status?: z.input<typeof Group>["status"] }[];
  /** Names that may stand in a dependency although this file does not define them. */
  isExternal: (name: string) => boolean;
  externals: { from: string; ref: string; line?: number }[];
  ignored: Ignored[];
  warnings: Warning[];
  /** The whole file is a record of finished work. */
  archived: boolean;
  /**
   * Whether the file's groups can be counted as done: never, always, only where each carries a status of its own, or only where each has one
   * or tasks with one.
   */
  groupStatus: "never" | "always" | "own" | "if-all-say";
  /** A group without tasks becomes one task. */
  standIns: boolean;
  /** Ids are keys in this format: two items with the same one are an error even when nothing refers to them. */
  keyedById: boolean;
  tags: string[];
  workspace?: string;
  priority?: "low" | "normal" | "high";
  extra: Record<string, unknown>;
};

export function newDraft(fields: Pick<Draft, "source" | "title"> & Partial<Draft>): Draft {
  return {
    groups: [],
    tasks: [],
    criteria: [],
    milestones: [],
    isExternal: () => false,
    externals: [],
    ignored: [],
    warnings: [],
    archived: false,
    groupStatus: "if-all-say",
    standIns: false,
    keyedById: false,
    tags: [],
    extra: {},
    ...fields,
  };
}

export function newTask(fields: Pick<DraftTask, "displayId" | "title"> & Partial<DraftTask>): DraftTask {
  return { node: "task", waits: [], listsDependencies: false, verification: [], ...fields };
}

export function newGroup(fields: Pick<DraftGroup, "displayId" | "title"> & Partial<DraftGroup>): DraftGroup {
  return { node: "group", waits: [], listsDependencies: false, criteria: [], parallelNames: [], ...fields };
}
