/**
 * Longhaul's own JSON or YAML task list, which is also what lists of other tools without a shape of their own are read as:
 *
 *     {
 *       "title": "Ship it", "goal": "…", "workspace": "/srv/app", "priority": "high", "tags": ["api"],
 *       "phases": [{ "id": "build", "title": "Build", "dependencies": [], "tasks": [ … ] }],
 *       "tasks": [
 *         { "id": "lint", "title": "Lint", "command": "npm run lint" },
 *         { "id": "api", "title": "Write the API", "kind": "claude", "dependencies": ["lint"], "verify": "npm test",
 *           "estimate": "30m", "retry": { "maxAttempts": 2 }, "limits": { "wallSeconds": 900, "usd": 2 },
 *           "verification": [{ "criterion": "GET /health answers 200", "command": "curl -f localhost:8080/health" }] }
 *       ]
 *     }
 *
 * `command` is one command or a list; `verify` is a command, a list of them, or records as in `verification`; `dependencies` names tasks or
 * phases; `kind`, `params`, `gates`, `isolation`, `automation`, `contextTier`, `files`, `labels`, `optional`, `status` and `subtasks` are those of the
 * model. Without an `id` a task is called task-001 and so on. Order in the list implies nothing (D12).
 */
import { type Draft, type DraftGroup, newDraft, newGroup } from "../draft.ts";
import { PlanError } from "../plan-error.ts";
import { statusOfWord } from "../status-words.ts";
import { addPlanGates, refuseBadGates } from "./gates.ts";
import { type Fields, firstOf, has, idLines, isRecord, records, text, textOf, texts } from "./record.ts";
import type { Source } from "./source.ts";
import { type RecordShape, readTaskRecord } from "./task-record.ts";

const listKeys = ["tasks", "items", "work_packages", "todos", "steps", "issues"];

export function readTaskList(source: Source): Draft {
  const value = dataOf(source);
  const root: Fields = Array.isArray(value) ? { tasks: value } : isRecord(value) ? value : {};
  refuseBadGates(root, source.text.text);
  const title = textOf(root, "title", "name", "project") ?? source.name.replace(/\.\w+$/, "");
  const draft = newDraft({
    source: "TASK_LIST",
    title,
    keyedById: true,
    standIns: true,
    groupStatus: "own",
    tags: texts(root.tags),
  });
  const goal = textOf(root, "goal", "description");
  if (goal !== undefined) draft.goal = goal;
  const workspace = text(root.workspace);
  if (workspace !== undefined) draft.workspace = workspace;
  if (root.priority === "high" || root.priority === "low") draft.priority = root.priority;

  const shape: RecordShape = {
    defaultId: (index) => `task-${String(index + 1).padStart(3, "0")}`,
    subtaskId: (parent, own) => (own.startsWith(`${parent}.`) ? own : `${parent}.${own}`),
  };
  const groups = new Map<string, DraftGroup>();
  for (const [index, phase] of records(root.phases).entries()) readPhase(phase, index, groups, draft, shape);
  for (const key of workLists(root)) readItems(root[key], groups, draft, shape);
  addPlanGates(root, draft);
  const lineOf = idLines(source.text.text);
  for (const task of draft.tasks) {
    const line = lineOf(task.displayId.split(".").at(-1) ?? "") ?? lineOf(task.displayId);
    if (line === undefined) continue;
    task.sourceLine = line;
    for (const wait of task.waits) wait.line ??= line;
  }
  return draft;
}

/** The usual keys, and in a roadmap other top-level lists whose items have a status; lists without one are references or goals. */
function workLists(root: Fields): string[] {
  const others = Object.keys(root).filter((key) => {
    const items = records(root[key]);
    return (
      !listKeys.includes(key) &&
      !/^(?:phases|milestones)$/.test(key) &&
      items.length > 0 &&
      items.every((item) => has(item, "id", "title", "name") && has(item, "status"))
    );
  });
  return [...listKeys.filter((key) => root[key] !== undefined), ...others];
}

function dataOf(source: Source): unknown {
  return source.extension === "json" || /^\s*[[{]/.test(source.text.text) ? source.json : source.yaml().value;
}

function readPhase(phase: Fields, index: number, groups: Map<string, DraftGroup>, draft: Draft, shape: RecordShape): void {
  const id = textOf(phase, "id", "key", "name") ?? String(index + 1);
  const raw = text(phase.status);
  const status = raw === undefined ? undefined : statusOfWord(raw);
  const group = newGroup({
    displayId: id,
    title: textOf(phase, "title", "name") ?? id,
    ...(status && { status, statusSources: [{ where: "status", says: raw ?? "" }] }),
  });
  const goal = textOf(phase, "goal", "description");
  if (goal !== undefined) group.goal = goal;
  if (has(phase, "dependencies", "depends_on", "dependsOn", "depends_on_phases")) {
    group.listsDependencies = true;
    for (const to of texts(firstOf(phase, "dependencies", "depends_on", "dependsOn", "depends_on_phases"))) {
      group.waits.push({ to, kind: "explicit", rule: "dependencies" });
    }
  }
  for (const criterion of texts(firstOf(phase, "criteria", "acceptanceCriteria"))) {
    group.criteria.push({ id: `${id}.c${group.criteria.length + 1}`, criterion, test: "manual" });
  }
  groups.set(id, group);
  draft.groups.push(group);
  for (const key of listKeys)
    for (const record of records(phase[key])) readTaskRecord(record, draft.tasks.length, draft, shape).group = group;
}

function readItems(value: unknown, groups: Map<string, DraftGroup>, draft: Draft, shape: RecordShape): void {
  if (!Array.isArray(value)) return;
  for (const [index, item] of value.entries()) {
    const record = typeof item === "string" ? { title: item } : item;
    if (!isRecord(record)) {
      throw new PlanError([
        {
          code: "bad-task",
          message: `Item ${index + 1} of the task list is ${JSON.stringify(item)}, not a task.`,
          fix: "Write an object with a title.",
        },
      ]);
    }
    const from = draft.tasks.length;
    readTaskRecord(record, from, draft, shape);
    const name = text(record.phase);
    const group = name === undefined ? undefined : (groups.get(name) ?? addGroup(name, groups, draft));
    if (group) for (const task of draft.tasks.slice(from)) task.group = group;
  }
}

function addGroup(name: string, groups: Map<string, DraftGroup>, draft: Draft): DraftGroup {
  const group = newGroup({ displayId: name, title: name });
  groups.set(name, group);
  draft.groups.push(group);
  return group;
}
