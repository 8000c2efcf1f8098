import type { z } from "zod";
import type { DraftTask } from "../draft.ts";
import { readEstimate } from "../estimate-text.ts";
import type { Criterion } from "../model.ts";
import { testChanges } from "../test-changes.ts";
import { codeSpans, type Field, fieldsOf } from "./fields.ts";
import { type Block, type Item, itemsOf, plain } from "./outline.ts";

const shellFences = new Set(["sh", "bash", "shell", "zsh", "console", "shell-session", "terminal"]);

/**
 * Reads what stands below a task of a hand-written plan: commands in shell fences and `Run:`, checks in `Verify:` with their `Expected:`,
 * files, estimate, priority and prose. Used by every markdown format for the body of its tasks.
 */
export function readWorkDetails(task: DraftTask, blocks: Block[], own?: Item): void {
  const fields = own
    ? fieldsOf([{ kind: "paragraph", lines: own.continuation, line: own.line, endLine: own.line }, ...own.blocks])
    : fieldsOf(blocks);
  const body = own ? own.blocks : blocks;
  const taken = new Set<Block>();
  for (const field of fields) {
    const reader = readers.find(([names]) => names.includes(field.name))?.[1];
    reader?.(task, field, taken);
  }
  for (const block of allFences(body)) {
    if (block.lang !== "" && !shellFences.has(block.lang)) task.commandsAreParts = true;
    if (taken.has(block) || !shellFences.has(block.lang)) continue;
    addCommand(task, "do", stripPrompt(block.text), block.line + 1);
  }
  const description = prose(body, own, fields);
  if (description && !task.description) task.description = description;
}

type FieldReader = (task: DraftTask, field: Field, taken: Set<Block>) => void;

const readers: [names: string[], read: FieldReader][] = [
  [
    ["run", "command", "commands", "cmd", "execute"],
    (task, field, taken) => eachCommand(field, taken, (text, line) => addCommand(task, "do", text, line)),
  ],
  [
    ["verify", "verification", "validate", "validation", "check", "test command", "verified by"],
    (task, field, taken) => eachCheck(task, field, taken),
  ],
  [["expected", "expect", "expected output"], addExpected],
  [["acceptance", "acceptance criteria", "success criteria", "done when", "done", "definition of done"], addCriteria],
  [["files", "file", "modify", "edit", "files to modify", "modified files"], (task, field) => addFiles(task, field, "modify")],
  [["create", "new files", "files to create"], (task, field) => addFiles(task, field, "create")],
  [["delete", "remove"], (task, field) => addFiles(task, field, "delete")],
  [["test", "tests", "test file"], (task, field) => addFiles(task, field, "test")],
  [["read", "read first", "reference"], (task, field) => addFiles(task, field, "read")],
  [["estimate", "estimated time", "time", "duration", "effort", "timeline"], (task, field) => setEstimate(task, field.value)],
  [["priority"], (task, field) => setPriority(task, field.value)],
  [["assignee", "owner"], (task, field) => void (task.assignee ??= plain(field.value))],
  [
    ["requirements", "requirement"],
    (task, field) => void (task.requirements = [...(task.requirements ?? []), ...splitList(field.value)]),
  ],
  [["risk", "risks"], (task, field) => void (task.risks = [...(task.risks ?? []), ...textsOf(field)])],
  [["allow test changes", "allowed test changes"], allowTestChanges],
  [["note", "notes"], (task, field) => void (task.notes ??= plain(field.value))],
];

/** Words that are not known are left out: what is not allowed is refused when it happens, with the words that are. */
function allowTestChanges(task: DraftTask, field: Field): void {
  const said = splitList(plain(field.value)).map((word) => word.toLowerCase());
  task.allowTestChanges = [...(task.allowTestChanges ?? []), ...testChanges.filter((change) => said.includes(change))];
}

function eachCommand(field: Field, taken: Set<Block>, add: (text: string, line: number) => void): void {
  const fence = field.blocks.find((block) => block.kind === "fence");
  if (field.value !== "") for (const text of codeSpans(field.value)) add(text, field.line);
  else if (fence?.kind === "fence") {
    taken.add(fence);
    add(stripPrompt(fence.text), fence.line + 1);
  } else for (const item of itemsOf(field.blocks)) for (const text of codeSpans(item.text)) add(text, item.line);
}

/** Code is a command to check with; anything else is a statement for a person or a model to check. */
function eachCheck(task: DraftTask, field: Field, taken: Set<Block>): void {
  const fence = field.blocks.find((block) => block.kind === "fence");
  const code = /`[^`]+`/.test(field.value);
  if (field.value === "" && fence?.kind === "fence") {
    taken.add(fence);
    addCheckCommand(task, stripPrompt(fence.text), fence.line + 1);
  } else if (code && /^(?:\[?\s*)?`/.test(field.value)) {
    const [command = ""] = codeSpans(field.value);
    const rest = plain(field.value.replace(/(`+)(.+?)\1/, "")).replace(/^[\s—–:-]+/, "");
    addCheckCommand(task, command, field.line, rest);
  } else if (field.value !== "") {
    task.verification.push(statement(task, plain(field.value), field.line));
  } else {
    for (const item of itemsOf(field.blocks)) {
      const command = /^`([^`]+)`/.exec(item.text)?.[1];
      if (command)
        addCheckCommand(task, command, item.line, plain(item.text.slice(command.length + 2)).replace(/^[\s—–:-]+/, ""));
      else task.verification.push(statement(task, plain(item.text), item.line));
    }
  }
}

function addCheckCommand(task: DraftTask, command: string, line: number, expected = ""): void {
  addCommand(task, "verify", command, line);
  task.verification.push({
    id: nextCriterionId(task),
    criterion: expected || `\`${firstLine(command)}\` succeeds`,
    test: "auto",
    command,
    line,
    method: "task check",
    ...(expected !== "" && { expected }),
  });
}

function addExpected(task: DraftTask, field: Field): void {
  const last = task.commands?.at(-1);
  const value = field.value !== "" ? plain(field.value) : textsOf(field).join("; ");
  if (last && value !== "") last.expected ??= value;
  const check = task.verification.at(-1);
  if (check?.command !== undefined && check.command === last?.text && value !== "") check.expected ??= value;
}

function addCriteria(task: DraftTask, field: Field): void {
  for (const text of textsOf(field)) task.verification.push(statement(task, text, field.line));
}

/** A criterion in words. */
function statement(task: DraftTask, criterion: string, line: number): z.input<typeof Criterion> {
  return { id: nextCriterionId(task), criterion, test: "manual", line, method: "task check" };
}

function nextCriterionId(task: DraftTask): string {
  return `${task.displayId}.c${task.verification.length + 1}`;
}

function textsOf(field: Field): string[] {
  if (field.value !== "") return [plain(field.value)];
  return [...itemsOf(field.blocks)].map((item) => plain(item.text)).filter((text) => text !== "");
}

function addFiles(task: DraftTask, field: Field, use: "create" | "modify" | "delete" | "read" | "test"): void {
  const files = task.files ?? {};
  const add = (text: string, as: typeof use) => {
    const marked = /^(create|new|modify|edit|update|delete|remove|test|read)\s*[:：]?\s+/i.exec(text);
    const kind = marked ? fileUse(marked[1] as string) : as;
    for (const path of pathsIn(marked ? text.slice(marked[0].length) : text)) files[kind] = [...(files[kind] ?? []), path];
  };
  if (field.value !== "") add(field.value, use);
  else for (const item of itemsOf(field.blocks)) add(item.text, use);
  task.files = files;
}

function fileUse(word: string): "create" | "modify" | "delete" | "read" | "test" {
  const text = word.toLowerCase();
  if (text === "create" || text === "new") return "create";
  if (text === "delete" || text === "remove") return "delete";
  return text === "test" || text === "read" ? text : "modify";
}

/** Paths of a text: code spans that look like one, or bare words with a slash or an extension. */
export function pathsIn(text: string): string[] {
  const spans = [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
  const words = spans.length > 0 ? spans : text.split(/[,\s]+/);
  const paths = words.map((word) => word.replace(/:\d+(?:-\d+)?$/, "").replace(/[),;]+$/, ""));
  return [
    ...new Set(
      paths.filter((word) => /^[\w.@~$/\\-][\w.@~$/\\[\]{}*() -]*$/.test(word) && /[/\\]|\.[A-Za-z]\w{0,9}$/.test(word)),
    ),
  ];
}

export function setEstimate(task: DraftTask, raw: string): void {
  const estimate = readEstimate(raw.replace(/[`*]/g, ""));
  if (estimate) task.estimate ??= estimate;
}

/** Keeps the priority as written and its level where it can be told. */
export function setPriority(task: DraftTask, raw: string): void {
  const text = plain(raw);
  task.priorityRaw ??= text;
  task.priority ??= priorityLevel(text);
}

function priorityLevel(raw: string): "low" | "normal" | "high" {
  if (/^(?:p?[01]|critical|urgent|high(?:est)?|blocker|must)\b/i.test(raw)) return "high";
  return /^(?:p?[3-9]|low(?:est)?|minor|nice|could|someday)\b/i.test(raw) ? "low" : "normal";
}

function addCommand(task: DraftTask, purpose: "do" | "verify", text: string, line: number): void {
  if (text.trim() === "") return;
  task.commands = [...(task.commands ?? []), { text, purpose, line }];
}

function splitList(text: string): string[] {
  return plain(text)
    .split(/[,;]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function* allFences(blocks: Block[]): Generator<Extract<Block, { kind: "fence" }>> {
  for (const block of blocks) {
    if (block.kind === "fence") yield block;
    if (block.kind === "list") for (const item of block.items) yield* allFences(item.blocks);
  }
}

/** Session transcripts mark commands by a prompt; what is not marked there is output. */
function stripPrompt(text: string): string {
  const lines = text.split("\n");
  const prompted = lines.filter((line) => /^\s*[$❯]\s/.test(line));
  return (prompted.length > 0 ? prompted.map((line) => line.replace(/^\s*[$❯]\s+/, "")) : lines).join("\n").trim();
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function prose(blocks: Block[], own: Item | undefined, fields: Field[]): string {
  const labelled = new Set(fields.map((field) => field.line));
  const lines: string[] = [];
  for (const { text, line } of own?.continuation ?? []) if (!labelled.has(line)) lines.push(text);
  for (const block of blocks) {
    if (block.kind === "paragraph") for (const { text, line } of block.lines) if (!labelled.has(line)) lines.push(text);
    if (block.kind === "list")
      for (const item of block.items) if (item.box === undefined && !labelled.has(item.line)) lines.push(`- ${item.text}`);
  }
  return lines.join("\n").trim();
}
