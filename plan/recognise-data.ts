import { isGsd2Manifest } from "./formats/gsd2-manifest.ts";
import { planExeStage } from "./formats/planexe.ts";
import { isGanttTable, isWbsTable } from "./formats/planexe-csv.ts";
import { type Fields, has, isRecord, records, text, textOf } from "./formats/record.ts";
import type { Source } from "./formats/source.ts";
import { isFeatureList, isStoryList } from "./formats/story-list.ts";
import { taskMasterLists } from "./formats/task-master.ts";
import { todoItems } from "./formats/todo-list.ts";
import { PlanError } from "./plan-error.ts";
import type { Recognised } from "./recognised.ts";

const dataExtensions = ["json", "jsonl", "ndjson", "yaml", "yml", "csv"];

/** True for data rather than prose, by the file's name or its first character. */
export function looksStructured(source: Source): boolean {
  if (dataExtensions.includes(source.extension)) return true;
  if (/^(?:md|markdown|mdx|txt)$/.test(source.extension)) return false;
  return /^\s*(?:\{|\[\s*[{"\]])/.test(source.text.text);
}

/** What a data file can be. Throws for look-alikes that are named, and for files that are no data at all. */
export function dataCandidates(source: Source): Recognised[] {
  if (source.extension === "csv" || isWbsTable(source.text.text)) return [tableFormat(source)];
  if (isLines(source)) return [{ name: "beads", confidence: 0.95, why: "one JSON object per line" }];
  const yaml = source.extension === "yaml" || source.extension === "yml";
  const data = yaml ? source.yaml().value : source.json;
  refuseLookalike(data, source);
  return yaml ? [taskList(data)] : jsonCandidates(data);
}

function tableFormat(source: Source): Recognised {
  if (isWbsTable(source.text.text))
    return { name: "planexe-csv", variant: "breakdown", confidence: 0.97, why: "columns Level 1 … Task ID" };
  if (isGanttTable(source.text.text))
    return { name: "planexe-csv", variant: "gantt", confidence: 0.95, why: "columns project_key … project_parent" };
  const header = source.text.text.split("\n")[0]?.slice(0, 120) ?? "";
  throw new PlanError([
    {
      code: "unknown-table",
      message: `No plan is known with the columns "${header}".`,
      line: 1,
      column: 1,
      fix: "Hand over markdown, JSON or YAML.",
    },
  ]);
}

function isLines(source: Source): boolean {
  if (source.extension === "jsonl" || source.extension === "ndjson") return true;
  if (source.extension !== "") return false;
  const lines = source.text.text.split("\n").filter((line) => line.trim() !== "");
  return lines.length > 1 && lines.every((line) => /^\s*\{.*\}\s*$/.test(line));
}

function jsonCandidates(data: unknown): Recognised[] {
  const found: Recognised[] = [taskList(data)];
  const lists = taskMasterLists(data);
  if (lists.size > 0)
    found.push({
      name: "task-master",
      variant: lists.has("") ? "legacy" : "tagged",
      confidence: 0.93,
      why: `${lists.size} task list with subtasks and test strategies`,
    });
  if (isStoryList(data)) found.push({ name: "ralph", confidence: 0.95, why: "userStories with passes" });
  if (isFeatureList(data)) found.push({ name: "feature-list", confidence: 0.92, why: "a list of features with passes" });
  if (todoItems(data)) found.push({ name: "todo-list", confidence: 0.9, why: "todos with a status" });
  if (isGsd2Manifest(data))
    found.push({ name: "gsd-2-manifest", confidence: 0.94, why: "arrays of milestones, slices and tasks" });
  const stage = planExeStage(data);
  if (stage) found.push({ name: "planexe", variant: stage, confidence: 0.96, why: `the ${stage} stage of PlanExe` });
  const rows = isRecord(data) ? records(data.rows) : [];
  if (rows.length > 0 && rows.every((row) => has(row, "description", "criterion") && has(row, "status")))
    found.push({ name: "isc-json", confidence: 0.9, why: "rows of criteria with a status" });
  return found;
}

function taskList(data: unknown): Recognised {
  const tasks = isRecord(data) ? records(data.tasks ?? data.items ?? data.work_packages) : records(data);
  const phases = isRecord(data) ? records(data.phases).length : 0;
  const plan = isRecord(data) && isRecord(data.longhaul);
  return {
    name: "task-list",
    confidence: plan ? 0.99 : tasks.length + phases > 0 ? 0.8 : 0.3,
    why: `${phases} phases and a list of ${tasks.length} tasks`,
  };
}

type Lookalike = { is: (data: unknown, first: Fields) => boolean; what: (data: Fields) => string };

const lookalikes: Lookalike[] = [
  {
    is: (data, first) =>
      isRecord(data) &&
      has(data, "version") &&
      has(first, "label", "taskName") &&
      has(first, "command", "type", "script", "dependsOn"),
    what: (data) => `a VS Code tasks file (version ${text(data.version)}, tasks[].command)`,
  },
  {
    is: (data) => Array.isArray(data) && records(data).some((play) => has(play, "hosts") || ansibleModule(play)),
    what: () => "an Ansible playbook or task file (name and a module)",
  },
  {
    is: (data) =>
      isRecord(data) &&
      /^(?:Task|Pipeline|TaskRun|PipelineRun|ClusterTask)$/.test(text(data.kind) ?? "") &&
      has(data, "apiVersion"),
    what: (data) => `a Tekton ${text(data.kind)} (apiVersion ${text(data.apiVersion)})`,
  },
  {
    is: (data) => isRecord(data) && has(data, "apiVersion") && has(data, "kind"),
    what: (data) => `a Kubernetes resource (kind ${text(data.kind)})`,
  },
  {
    is: (data) =>
      isRecord(data) &&
      Object.values(data).filter(isRecord).length > 0 &&
      Object.values(data)
        .filter(isRecord)
        .every((task) => has(task, "expected_output") && has(task, "agent", "description")),
    what: () => "a CrewAI tasks file (agent, expected_output)",
  },
  {
    is: (data) =>
      isRecord(data) &&
      [data.tasks, data.pipeline, data.targetDefaults].some(
        (tasks) =>
          isRecord(tasks) && Object.values(tasks).some((task) => isRecord(task) && has(task, "dependsOn", "outputs", "cache")),
      ),
    what: (data) => `a ${has(data, "targetDefaults") ? "nx" : "turbo"} configuration (dependsOn between build targets)`,
  },
  {
    is: (data) => isRecord(data) && has(data, "openapi", "swagger") && has(data, "paths", "info"),
    what: (data) => `an OpenAPI description (${textOf(data, "openapi", "swagger")})`,
  },
  { is: (data) => isRecord(data) && has(data, "jobs") && has(data, "on"), what: () => "a GitHub Actions workflow" },
  {
    is: (data) =>
      isRecord(data) &&
      has(data, "scripts", "dependencies") &&
      has(data, "name") &&
      has(data, "version") &&
      !Array.isArray(data.dependencies),
    what: () => "a package.json",
  },
  {
    is: (data) => isRecord(data) && has(data, "$schema", "properties") && text(data.type) === "object",
    what: () => "a JSON schema",
  },
  { is: isTranslations, what: () => "a translation file (nested keys with texts)" },
];

function ansibleModule(task: Fields): boolean {
  const keys = Object.keys(task).filter((key) =>
    /^(?:ansible\.|community\.)|^(?:apt|yum|dnf|copy|template|shell|command|service|file|lineinfile|debug|include_tasks|import_tasks|become)$/.test(
      key,
    ),
  );
  return has(task, "name") && keys.length > 0 && !has(task, "id", "title", "status");
}

/** A tree of texts, deeper than one level, with no list and no field that a task would have. */
function isTranslations(data: unknown): boolean {
  if (!isRecord(data) || has(data, "tasks", "title", "phases", "id", "project_title", "rows", "longhaul")) return false;
  const values = Object.values(data);
  return (
    values.length > 1 &&
    values.every(
      (value) =>
        typeof value === "string" ||
        (isRecord(value) && Object.values(value).every((inner) => typeof inner === "string" || isRecord(inner))),
    ) &&
    values.some(isRecord)
  );
}

function refuseLookalike(data: unknown, source: Source): void {
  const first = isRecord(data) ? (records(data.tasks)[0] ?? {}) : {};
  const found = lookalikes.find((lookalike) => lookalike.is(data, first));
  if (!found) return;
  throw new PlanError([
    {
      code: "lookalike",
      message: `This is ${found.what(isRecord(data) ? data : {})}, not a plan.`,
      ...(source.file && { file: source.file }),
      line: 1,
      column: 1,
      fix: "Hand over the plan itself; name its format if this is one after all.",
    },
  ]);
}
