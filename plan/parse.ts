import { v7 } from "uuid";
import { assemble } from "./assemble.ts";
import { readers } from "./formats/readers.ts";
import { Source } from "./formats/source.ts";
import { hiddenBoxes } from "./markdown/hidden-boxes.ts";
import type { ParsedPlan } from "./model.ts";
import { PlanError } from "./plan-error.ts";
import { recognise } from "./recognise.ts";
import { decodeSource } from "./source-text.ts";

export type PlanLimits = { maxBytes?: number; maxTasks?: number };
export type PlanInput = {
  bytes: Uint8Array | string;
  file?: string;
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
  try {
    refuseLarge(input, file);
    const text = decodeSource(input.bytes, file);
    const source = new Source(text, input.lenient ?? false);
    const format = recognise(source, input.format);
    const reader = readers[format.name];
    if (!reader)
      throw new PlanError([
        { code: "unknown-format", message: `The format "${format.name}" cannot be read.`, fix: formatsFix() },
      ]);
    const draft = reader(source, format);
    if (source.outlineIfRead) draft.ignored.push(...hiddenBoxes(source.outlineIfRead));
    const maxTasks = input.limits?.maxTasks ?? defaultLimits.maxTasks;
    if (draft.tasks.length > maxTasks) throw tooMany(draft.tasks.length, maxTasks, draft.groups.length, file);
    const identity = {
      id: input.id ?? v7(),
      conversationId: input.conversationId ?? "",
      created: input.created ?? new Date().toISOString(),
    };
    return assemble(draft, format, [text], identity, input.trust === "tasks");
  } catch (error) {
    throw asPlanError(error, file);
  }
}

/** The names that `format` accepts. */
export function formatNames(): string[] {
  return Object.keys(readers);
}

function formatsFix(): string {
  return `Use one of: ${formatNames().join(", ")}.`;
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
