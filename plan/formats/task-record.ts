import { type Draft, type DraftTask, newTask } from "../draft.ts";
import { readEstimate } from "../estimate-text.ts";
import { IsolationField, type IsolationRequest, isolationLevels, isolationRequest } from "../isolation.ts";
import { setPriority } from "../markdown/work-details.ts";
import { Automation, ContextTier, Gate, Limits, RetryPolicy, Task, TaskKind } from "../model.ts";
import { PlanError } from "../plan-error.ts";
import { readReferences } from "../reference-text.ts";
import { statusOfWord } from "../status-words.ts";
import { type Fields, firstOf, has, isRecord, records, rest, text, textOf, texts, truth } from "./record.ts";

const dependencyKeys = [
  "dependencies",
  "depends_on",
  "dependsOn",
  "deps",
  "needs",
  "requires",
  "after",
  "blockedBy",
  "blocked_by",
];
const known = new Set([
  ...dependencyKeys,
  ..."id key title name subject content description details body status completed passes done priority command commands run verify verification acceptanceCriteria acceptance_criteria criteria kind type params estimate estimatedMinutes estimated_hours manualEstimate retry limits isolation gates subtasks children parent phase files labels tags assignee owner optional prompt automation requiresHuman contextTier parallel notes autonomous allowTestChanges".split(
    " ",
  ),
]);

/** How one JSON or YAML shape differs from the common one. */
export type RecordShape = { defaultId: (index: number) => string; subtaskId?: (parent: string, own: string) => string };

/** Reads one record and its subtasks. Fields without a place in the model are kept in `extra`. */
export function readTaskRecord(record: Fields, index: number, draft: Draft, shape: RecordShape, parent?: DraftTask): DraftTask {
  const own = textOf(record, "id", "key") ?? (parent ? String(index + 1) : shape.defaultId(index));
  const displayId = parent && shape.subtaskId ? shape.subtaskId(parent.displayId, own) : own;
  const title = textOf(record, "title", "name", "subject", "content", "description", "prompt", "command", "run") ?? displayId;
  const description = textOf(record, "description", "details", "body") ?? "";
  const task = newTask({ displayId, title, extra: rest(record, known), ...(parent && { parentTask: parent }) });
  if (description !== title) task.description = description;
  readStatus(task, record, draft);
  readDependencies(task, record, parent, shape);
  readWork(task, record, draft);
  readSettings(task, record, draft);
  draft.tasks.push(task);
  const children = firstOf(record, "subtasks", "children");
  for (const [at, child] of records(children).entries()) readTaskRecord(child, at, draft, shape, task);
  return task;
}

function readStatus(task: DraftTask, record: Fields, draft: Draft): void {
  const raw = text(record.status);
  const flag = truth(firstOf(record, "passes", "completed", "done"));
  if (raw !== undefined) {
    task.statusRaw = raw;
    const status = statusOfWord(raw);
    task.status = status ?? "pending";
    task.statusSources = [{ where: "status", says: raw }];
    if (status === undefined)
      draft.warnings.push({
        code: "unknown-status",
        text: `Task ${task.displayId} has the status "${raw}", which is not known; it counts as pending.`,
      });
  } else if (flag !== undefined) {
    task.status = flag ? "done" : "pending";
    task.statusSources = [{ where: "flag", says: String(flag) }];
  }
  if (truth(record.optional)) task.optional = true;
}

function readDependencies(task: DraftTask, record: Fields, parent: DraftTask | undefined, shape: RecordShape): void {
  if (!has(record, ...dependencyKeys)) return;
  task.listsDependencies = true;
  for (const key of dependencyKeys) {
    const value = record[key];
    const names = Array.isArray(value)
      ? value.map((item) => text(isRecord(item) ? firstOf(item, "id", "task", "to") : item))
      : looseNames(value);
    for (const name of names) {
      if (name === undefined) continue;
      const to = parent && shape.subtaskId && /^\d+$/.test(name) ? shape.subtaskId(parent.displayId, name) : name;
      task.waits.push({ to, kind: "explicit", rule: key });
    }
  }
}

/** One text may be a single id with any characters, or a list such as "1, 2". */
function looseNames(value: unknown): (string | undefined)[] {
  const single = text(value);
  if (single === undefined) return [];
  const read = readReferences(single);
  return read.prose !== undefined ? [single] : read.names;
}

function readWork(task: DraftTask, record: Fields, draft: Draft): void {
  const commands = [...commandTexts(record.command), ...commandTexts(record.run), ...commandTexts(record.commands)];
  if (commands.length > 0) task.commands = commands.map((command) => ({ text: command, purpose: "do" as const }));
  for (const check of [record.verify, record.verification].flatMap((value) => (Array.isArray(value) ? value : [value])))
    addCheck(task, check, draft);
  for (const statement of texts(arrayOf(firstOf(record, "acceptanceCriteria", "acceptance_criteria", "criteria")))) {
    task.verification.push({ id: criterionId(task), criterion: statement, test: "manual" });
  }
  const files = record.files;
  if (Array.isArray(files)) task.files = { modify: texts(files) };
  else if (isRecord(files)) {
    task.files = Object.fromEntries(["create", "modify", "delete", "read", "test"].map((use) => [use, texts(files[use])]));
  }
}

function arrayOf(value: unknown): unknown {
  return typeof value === "string" ? [value] : value;
}

function commandTexts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(text).filter((item) => item !== undefined);
}

/** A check is a command, or `{criterion, command?, expected?, test?, anti?}`. */
function addCheck(task: DraftTask, check: unknown, draft: Draft): void {
  const command = text(check);
  if (command !== undefined) {
    task.commands = [...(task.commands ?? []), { text: command, purpose: "verify" }];
    task.verification.push({ id: criterionId(task), criterion: `\`${command.split("\n")[0]}\` succeeds`, test: "auto", command });
    return;
  }
  if (!isRecord(check)) return;
  const run = textOf(check, "command", "run");
  const expected = textOf(check, "expected", "expect");
  const criterion = textOf(check, "criterion", "text", "title", "description") ?? (run && `\`${run.split("\n")[0]}\` succeeds`);
  if (criterion === undefined) {
    draft.warnings.push({
      code: "empty-check",
      text: `A check of task ${task.displayId} has neither a criterion nor a command; it was left out.`,
    });
    return;
  }
  task.verification.push({
    id: textOf(check, "id") ?? criterionId(task),
    criterion,
    test: run !== undefined ? "auto" : "manual",
    ...(run !== undefined && { command: run }),
    ...(expected !== undefined && { expected }),
    ...(truth(check.anti) && { anti: true }),
  });
}

function criterionId(task: DraftTask): string {
  return `${task.displayId}.c${task.verification.length + 1}`;
}

function readSettings(task: DraftTask, record: Fields, draft: Draft): void {
  const kind = TaskKind.safeParse(text(record.kind) ?? text(record.type));
  if (kind.success) task.kind = kind.data;
  else if (text(record.kind) !== undefined)
    draft.warnings.push({
      code: "unknown-kind",
      text: `Task ${task.displayId} has the kind "${text(record.kind)}", which is not known; it was decided from the text.`,
    });
  if (isRecord(record.params)) task.params = { ...record.params };
  const prompt = text(record.prompt);
  if (prompt !== undefined) task.params = { ...task.params, prompt };
  const priority = text(record.priority);
  if (priority !== undefined) setPriority(task, priority);
  readEstimates(task, record);
  const automation = Automation.safeParse(record.automation);
  if (automation.success) task.automation = automation.data;
  const reason = text(record.requiresHuman);
  if (reason !== undefined) task.requiresHuman = reason;
  const tier = ContextTier.safeParse(Number((text(record.contextTier) ?? "").replace(/k$/i, "")));
  if (tier.success) Object.assign(task, { contextTier: tier.data, contextTierSource: "written" });
  if (record.isolation !== undefined && record.isolation !== null) task.isolation = readIsolation(task, record.isolation);
  const settings = {
    retry: RetryPolicy.partial().safeParse(numbers(record.retry)),
    limits: Limits.safeParse(numbers(record.limits)),
    gates: Gate.array().safeParse(record.gates),
    allowTestChanges: Task.shape.allowTestChanges.safeParse(record.allowTestChanges ?? undefined),
  };
  for (const [name, parsed] of Object.entries(settings)) {
    if (record[name] === undefined || record[name] === null) continue;
    if (parsed.success) Object.assign(task, { [name]: record[name] === undefined ? undefined : parsed.data });
    else
      draft.warnings.push({
        code: "bad-setting",
        text: `The ${name} of task ${task.displayId} cannot be used: ${parsed.error.issues[0]?.message ?? "wrong shape"}.`,
      });
  }
  const labels = [...texts(record.labels), ...texts(record.tags)];
  if (labels.length > 0) task.labels = labels;
  const assignee = text(firstOf(record, "assignee", "owner"));
  if (assignee !== undefined) task.assignee = assignee;
  const notes = text(record.notes);
  if (notes !== undefined) task.notes = notes;
  const parallel = truth(record.parallel);
  if (parallel !== undefined) task.parallel = parallel ? "marked" : "unmarked";
}

/** Not a warning like the other settings: a task whose isolation was misspelt must not run in another one. */
function readIsolation(task: DraftTask, value: unknown): IsolationRequest {
  const parsed = IsolationField.safeParse(value);
  if (parsed.success) return isolationRequest(parsed.data);
  throw new PlanError([
    {
      code: "bad-isolation",
      message: `The isolation of task ${task.displayId} cannot be used: ${JSON.stringify(value)}.`,
      fix: `Write one of ${isolationLevels.join(", ")}, or {"level": …, "network": "none", "writable": ["/folder"]}.`,
    },
  ]);
}

function readEstimates(task: DraftTask, record: Fields): void {
  const minutes = text(record.estimatedMinutes);
  const hours = text(record.estimated_hours);
  const manual = text(record.manualEstimate);
  if (typeof record.estimate === "number")
    task.estimate = { likely: Math.max(0, record.estimate), unit: "minutes", raw: String(record.estimate) };
  else if (isRecord(record.estimate)) {
    const { min, likely, max } = numbers(record.estimate) as Record<string, number>;
    task.estimate = {
      ...(min !== undefined && { min }),
      ...(likely !== undefined && { likely }),
      ...(max !== undefined && { max }),
      unit: "minutes",
    };
  } else {
    const raw = text(record.estimate) ?? (minutes && `${minutes} min`) ?? (hours && `${hours} h`);
    const estimate = raw && readEstimate(raw);
    if (estimate) task.estimate = estimate;
  }
  const person = manual && readEstimate(/^\d+(?:\.\d+)?$/.test(manual) ? `${manual} min` : manual);
  if (person) task.manualEstimate = person;
}

/** Numbers may come as text from YAML. */
function numbers(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      typeof item === "string" && /^-?\d+(?:\.\d+)?$/.test(item) ? Number(item) : item,
    ]),
  );
}
