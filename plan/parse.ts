import { v7 } from "uuid";
import { assemble } from "./assemble.ts";
import type { Draft } from "./draft.ts";
import { type Reader, readers } from "./formats/readers.ts";
import { Source } from "./formats/source.ts";
import { hiddenBoxes } from "./markdown/hidden-boxes.ts";
import { mergeFiles } from "./merge-files.ts";
import type { ParsedPlan } from "./model.ts";
import { noTasksWarning } from "./no-tasks.ts";
import { PlanError } from "./plan-error.ts";
import { recognise } from "./recognise.ts";
import { looksStructured } from "./recognise-data.ts";
import type { Recognised } from "./recognised.ts";
import { isPrintedPlan, reopenPlan } from "./reopen.ts";
import { decodeSource } from "./source-text.ts";
import { refuseConflictMarkers } from "./structured-text.ts";
import { expandTemplate, isTemplate } from "./templates/template.ts";

export type PlanLimits = { maxBytes?: number; maxTasks?: number };
export type PlanInput = PlanOptions & { bytes: Uint8Array | string; file?: string };
export type PlanOptions = {
  /** Name of a format, to override detection. */
  format?: string;
  conversationId?: string;
  id?: string;
  created?: string;
  limits?: PlanLimits;
  /** Skips damaged lines of line-based formats instead of refusing the file. */
  lenient?: boolean;
  /** "tasks" believes the marks of tasks where a phase says that it is done. */
  trust?: "tasks";
  /** Values for the parameters of a template. */
  parameters?: Record<string, string>;
  /** Entries of a template, instead of those it lists itself. */
  forEach?: Record<string, string>[];
};

const defaultLimits = { maxBytes: 2 * 1024 * 1024, maxTasks: 10_000 };

/**
 * Reads one file into a plan and a report of what was read, inferred and ignored. Throws only PlanError. A plan without tasks is returned
 * with a warning that says what was found instead; `assertStartable` refuses it.
 *
 *     const { plan, report } = parsePlan({ bytes: "- [ ] Build\n- [ ] Test", file: "todo.md" });
 */
export function parsePlan(input: PlanInput): ParsedPlan {
  const file = input.file ?? "";
  return refusing(file, () => {
    const source = openSource(input);
    if (source.text.text.trim() === "") throw emptyFile(file);
    const printed =
      input.format === undefined && looksStructured(source) && /^\s*\{\s*"longhaul"/.test(source.text.text)
        ? source.json
        : undefined;
    if (isPrintedPlan(printed)) {
      const { id, conversationId } = input;
      return reopenPlan(printed, { ...(id !== undefined && { id }), ...(conversationId !== undefined && { conversationId }) });
    }
    if (input.format === undefined && isTemplate(structuredData(source))) return onlyPlan(parsePlans(input));
    const format = recognise(source, input.format);
    const reader = readers[format.name] as Reader;
    return complete(reader(source, format), format, [source], input);
  });
}

/**
 * Reads a template into one plan for each entry of its `forEach`, each with an id of its own; any other file into a list of one. Throws only
 * PlanError.
 */
export function parsePlans(input: PlanInput): { values: Record<string, string>; parsed: ParsedPlan }[] {
  const file = input.file ?? "";
  return refusing(file, () => {
    const source = openSource(input);
    const data = structuredData(source);
    if (!isTemplate(data)) {
      if (input.forEach !== undefined) throw noTemplate();
      return [{ values: {}, parsed: parsePlan(input) }];
    }
    return expandTemplate(input.forEach === undefined ? data : { ...data, forEach: input.forEach }, input.parameters).map(
      ({ values, plan }) => {
        const text = JSON.stringify(plan, null, 2);
        return { values, parsed: parsePlan({ ...input, bytes: text, file: file.replace(/\.ya?ml$/i, ".json") }) };
      },
    );
  });
}

function noTemplate(): PlanError {
  const message = "Entries (forEach) were given for a plan that is no template.";
  return new PlanError([
    { code: "template", message, line: 1, column: 1, fix: 'Declare it: "template": "name", "parameters": {…}.' },
  ]);
}

function onlyPlan(plans: { parsed: ParsedPlan }[]): ParsedPlan {
  if (plans.length > 1) {
    throw new PlanError([
      {
        code: "several-plans",
        message: `The template stands for ${plans.length} plans (forEach), and one was asked for.`,
        line: 1,
        column: 1,
        fix: "Hand the template over as a whole: each entry becomes an execution of its own.",
      },
    ]);
  }
  return (plans[0] as { parsed: ParsedPlan }).parsed;
}

function structuredData(source: Source): unknown {
  const { text } = source.text;
  if (!looksStructured(source)) return undefined;
  if (source.extension.startsWith("y")) return /^template:/m.test(text) ? source.yaml().value : undefined;
  const object = /^\s*\{/.test(text) && !/^(?:jsonl|ndjson)$/.test(source.extension);
  return object && /"template"\s*:/.test(text) ? source.json : undefined;
}

/** Reads several files that are one plan; undefined when they are not and one of them has to be chosen. Throws only PlanError. */
export function parsePlanFiles(
  files: { bytes: Uint8Array | string; file: string }[],
  options: PlanOptions,
): ParsedPlan | undefined {
  return refusing("", () => {
    const merged = mergeFiles(files.map((file) => openSource({ ...options, ...file })));
    return merged && complete(merged.draft, merged.format, merged.sources, options);
  });
}

function openSource(input: PlanInput): Source {
  const file = input.file ?? "";
  refuseLarge(input, file);
  const text = decodeSource(input.bytes, file);
  refuseConflictMarkers(text.text, file);
  const { lenient, parameters } = input;
  return new Source(text, { ...(lenient !== undefined && { lenient }), ...(parameters !== undefined && { parameters }) });
}

function complete(draft: Draft, format: Recognised, sources: Source[], options: PlanOptions): ParsedPlan {
  for (const source of sources) if (source.outlineIfRead) draft.ignored.push(...hiddenBoxes(source.outlineIfRead));
  for (const source of sources) {
    const [problem] = source.frontMatterIfRead?.error?.problems ?? [];
    if (problem)
      draft.warnings.push({
        code: "front-matter",
        ...(problem.line !== undefined && { line: problem.line }),
        text: `The front matter was left out. ${problem.message}`,
      });
  }
  const maxTasks = options.limits?.maxTasks ?? defaultLimits.maxTasks;
  if (draft.tasks.length > maxTasks) throw tooMany(draft.tasks.length, maxTasks, draft.groups.length, sources[0]?.file ?? "");
  draft.warnings.push(...noTasksWarning(draft, format));
  const identity = {
    id: options.id ?? v7(),
    conversationId: options.conversationId ?? "",
    created: options.created ?? new Date().toISOString(),
  };
  const texts = sources.map((source) => source.text);
  return assemble(draft, format, texts, identity, options.trust === "tasks");
}

function refusing<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asPlanError(error, file);
  }
}

/** The names that `format` accepts. */
export function formatNames(): string[] {
  return Object.keys(readers);
}

function refuseLarge(input: PlanInput, file: string): void {
  const limit = input.limits?.maxBytes ?? defaultLimits.maxBytes;
  const bytes = typeof input.bytes === "string" ? Buffer.byteLength(input.bytes) : input.bytes.byteLength;
  if (bytes <= limit) return;
  throw new PlanError([
    {
      code: "too-large",
      message: `${file || "The plan"} has ${bytes} bytes; the limit is ${limit} (limits.maxBytes).`,
      ...(file && { file }),
      line: 1,
      column: 1,
      fix: "Split the plan by phase and hand the parts over one after the other, or raise the limit.",
    },
  ]);
}

function emptyFile(file: string): PlanError {
  const message = `No tasks found: ${file || "the plan"} is empty.`;
  return new PlanError([
    {
      code: "no-tasks",
      message,
      ...(file && { file }),
      line: 1,
      column: 1,
      fix: "Hand over a file with tasks, such as `- [ ] Build`.",
    },
  ]);
}

function tooMany(count: number, limit: number, phases: number, file: string): PlanError {
  const split = phases > 1 ? `its ${phases} phases can be handed over one after the other` : "split it into phases";
  return new PlanError([
    {
      code: "too-many-tasks",
      message: `${file || "The plan"} has ${count} tasks; the limit is ${limit} (limits.maxTasks).`,
      ...(file && { file }),
      line: 1,
      column: 1,
      fix: `Raise the limit, or hand over less at once: ${split}.`,
    },
  ]);
}

/** The promise of this door is one kind of error; anything else is a fault of the reader and says so. */
function asPlanError(error: unknown, file: string): PlanError {
  if (error instanceof PlanError) {
    return new PlanError(error.problems.map((problem) => (file && problem.file === undefined ? { ...problem, file } : problem)));
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new PlanError([
    {
      code: "unreadable",
      message: `${file || "The plan"} could not be read: ${reason}`,
      ...(file && { file }),
      line: 1,
      column: 1,
      fix: "Simplify the file, or name its format.",
    },
  ]);
}
