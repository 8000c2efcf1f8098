/**
 * Reads what a task did out of its log: commands, errors, warnings, file operations, API calls, and the step that helped after a failure.
 * Pure. Everything that leaves here has passed the redactor once more.
 */
import type { Task } from "../plan/model.ts";
import { normaliseCommand, normaliseMessage } from "./normalise.ts";

/** The part of an event that is read. */
export type LogEntry = { type: string; attempt: number | null; data: Record<string, unknown> };

export type Observed = {
  commands: string[];
  errors: string[];
  warnings: string[];
  fileOperations: string[];
  apiCalls: string[];
  /** What was done between a failure and the success of the same thing. */
  fixes: { error: string; steps: string[] }[];
};

const most = { commands: 20, errors: 10, warnings: 10, fileOperations: 40, apiCalls: 20, fixes: 5, stepsOfAFix: 6 };

const errorLine =
  /\b(?:error|exception|fatal|panic(?:ked)?|traceback|failed|failure|cannot|can't|could not|unable to|denied|refused|not found|no such file|undefined reference|segmentation fault|ENOENT|EACCES|ECONN\w+|EADDRINUSE|ETIMEDOUT)\b|\b[A-Z]\w*(?:Error|Exception)\b/i;
const harmless = /\b(?:0|no) (?:errors?|failures?|failed)\b|\bfailed?:? 0\b|\berrors?:? 0\b/i;
const warningLine = /\b(?:warn(?:ing)?|deprecated|deprecation)\b/i;
const editTools = new Map([
  ["Write", "write"],
  ["Edit", "edit"],
  ["MultiEdit", "edit"],
  ["NotebookEdit", "edit"],
]);

type Step = { kind: "command" | "edit" | "call"; text: string; failed?: string };

/**
 * @param entries the log of one task in order, all attempts
 * @param redact takes secrets out of a text
 */
export function extract(task: Task, entries: readonly LogEntry[], workspace: string, redact: (text: string) => string): Observed {
  const steps: Step[] = [];
  const byCall = new Map<string, Step>();
  const errors: string[] = [];
  const warnings: string[] = [];
  const clean = (command: string) => normaliseCommand(redact(command), workspace);
  const noteLine = (line: string) => {
    if (line.length > 2000 || harmless.test(line)) return;
    const target = errorLine.test(line) ? errors : warningLine.test(line) ? warnings : undefined;
    target?.push(normaliseMessage(redact(line)));
  };

  for (const { type, data } of entries) {
    if (type === "task.started") {
      const { command } = task.params;
      if (task.kind === "shell" && typeof command === "string") steps.push({ kind: "command", text: clean(command) });
    } else if (type === "task.output") {
      for (const line of text(data["text"]).split("\n")) noteLine(line);
    } else if (type === "agent.tool") {
      const step = stepOf(text(data["name"]), inputOf(data["input"]), clean, workspace);
      if (step === undefined) continue;
      steps.push(step);
      byCall.set(text(data["id"]), step);
    } else if (type === "agent.tool_result") {
      const lines = text(data["text"]).split("\n");
      const step = byCall.get(text(data["id"]));
      if (data["isError"] === true) {
        const telling = lines.find((line) => errorLine.test(line)) ?? lines.find((line) => line.trim() !== "") ?? "it failed";
        const error = normaliseMessage(redact(telling));
        errors.push(error);
        if (step !== undefined) step.failed = error;
      } else if (step?.kind === "command") for (const line of lines) noteLine(line);
    } else if (type === "task.failed" || type === "task.retrying") {
      const message = normaliseMessage(redact(text(data["message"])));
      errors.push(message);
      const last = steps.findLast(({ kind }) => kind === "command");
      if (last !== undefined) last.failed ??= message;
    }
  }
  const of = (kind: Step["kind"]) => distinct(steps.filter((step) => step.kind === kind).map((step) => step.text));
  const commands = of("command");
  return {
    commands: commands.slice(0, most.commands),
    errors: distinct(errors).slice(0, most.errors),
    warnings: distinct(warnings).slice(0, most.warnings),
    fileOperations: distinct([...of("edit"), ...declaredFiles(task)]).slice(0, most.fileOperations),
    apiCalls: distinct([...of("call"), ...commands.flatMap(callsIn)]).slice(0, most.apiCalls),
    fixes: fixesIn(steps).slice(0, most.fixes),
  };
}

function stepOf(
  tool: string,
  input: Record<string, unknown>,
  clean: (command: string) => string,
  workspace: string,
): Step | undefined {
  if (tool === "Bash" && text(input["command"]) !== "") return { kind: "command", text: clean(text(input["command"])) };
  const verb = editTools.get(tool);
  const path = text(input["file_path"]) || text(input["notebook_path"]);
  if (verb !== undefined && path !== "") return { kind: "edit", text: `${verb} ${relative(path, workspace)}` };
  if (tool === "WebFetch" && text(input["url"]) !== "") return { kind: "call", text: `GET ${endpoint(text(input["url"]))}` };
  return undefined;
}

/** The same command failed and later went well: what lies between is what helped. */
function fixesIn(steps: readonly Step[]): Observed["fixes"] {
  return steps.flatMap((step, index) => {
    if (step.kind !== "command" || step.failed === undefined) return [];
    const again = steps.findIndex((later, at) => at > index && later.text === step.text);
    if (again === -1 || steps[again]?.failed !== undefined) return [];
    const between = distinct(
      steps
        .slice(index + 1, again)
        .filter(({ failed }) => failed === undefined)
        .map((it) => it.text),
    );
    return between.length === 0 ? [] : [{ error: step.failed, steps: between.slice(-most.stepsOfAFix) }];
  });
}

function declaredFiles(task: Task): string[] {
  if (task.kind === "claude") return []; // what a session was told to do is not what it did
  return task.files.create.map((file) => `write ${file}`).concat(task.files.delete.map((file) => `delete ${file}`));
}

function callsIn(command: string): string[] {
  const method =
    /(?:-X|--request)[ =]?([A-Z]+)/.exec(command)?.[1] ?? (/\s(?:-d|--data\S*|--json)\b/.test(command) ? "POST" : "GET");
  if (!/\b(?:curl|wget|http|https|xh)\b/.test(command)) return [];
  return [...command.matchAll(/\bhttps?:\/\/[^\s'"|;&)]+/g)].map(([url]) => `${method} ${endpoint(url)}`);
}

/** Host and path, without query and with ids taken out of the path. */
function endpoint(url: string): string {
  if (!URL.canParse(url)) return "<url>";
  const { host, pathname } = new URL(url);
  const path = pathname.replace(/\/(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{16,})(?=\/|$)/gi, "/<id>");
  return `${host.replace(/:\d+$/, "")}${path === "/" ? "" : path}`;
}

/** Inputs of tools come as JSON, cut where they are long; of a cut one, what can be read is enough. */
function inputOf(value: unknown): Record<string, unknown> {
  const written = text(value);
  try {
    const parsed: unknown = JSON.parse(written);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    const fields = [...written.matchAll(/"(command|file_path|notebook_path|url)":"((?:[^"\\]|\\.)*)/g)];
    return Object.fromEntries(fields.map(([, name, value]) => [name, unescape(value ?? "")]));
  }
}

function unescape(value: string): string {
  try {
    return String(JSON.parse(`"${value.replace(/\\?…?$/, "")}"`));
  } catch {
    return value;
  }
}

const relative = (path: string, workspace: string) =>
  path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : path;
const distinct = (items: string[]) => [...new Set(items.filter((item) => item !== ""))];
const text = (value: unknown) => (typeof value === "string" ? value : "");
