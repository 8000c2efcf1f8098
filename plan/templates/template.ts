/**
 * Plans with holes. A template is a task list in which texts hold `{{name}}`, with its parameters declared:
 *
 *     { "template": "service", "parameters": { "service": {}, "port": { "default": "8080" } },
 *       "title": "Build {{service}}", "tasks": [{ "id": "test", "command": "make test SERVICE={{service}}" }],
 *       "forEach": [{ "service": "auth" }, { "service": "billing" }] }
 *
 * With `forEach` it stands for one plan per entry. Where a text is a command, a value is quoted for the shell; `{{{name}}}` puts it in as it is.
 */
import { z } from "zod";
import { isRecord } from "../formats/record.ts";
import { PlanError, type PlanProblem } from "../plan-error.ts";
import { nearest } from "../resolve.ts";

const Parameter = z.object({ description: z.string().optional(), default: z.string().optional() });
const Template = z.looseObject({
  template: z.string().min(1),
  parameters: z.record(z.string(), Parameter).default({}),
  forEach: z.array(z.record(z.string(), z.union([z.string(), z.number()]).transform(String))).optional(),
});
export type Template = z.infer<typeof Template>;
export type Values = Record<string, string>;

/** True for data that declares itself a template. */
export function isTemplate(data: unknown): data is Record<string, unknown> {
  return isRecord(data) && typeof data.template === "string";
}

/** One plan for each entry of `forEach`, or a single one; values given here fill what the entries leave open. */
export function expandTemplate(data: unknown, given: Values = {}): { values: Values; plan: Record<string, unknown> }[] {
  const read = Template.safeParse(data);
  if (!read.success) {
    throw new PlanError(
      read.error.issues.slice(0, 20).map((issue) => ({
        code: "template",
        message: `template.${issue.path.join(".")}: ${issue.message}`,
        fix: "Correct the field.",
      })),
    );
  }
  const { template, parameters, forEach = [{}], ...body } = read.data;
  if (forEach.length === 0)
    throw new PlanError([
      { code: "template", message: `forEach of template ${template} is empty: it stands for no plan.`, fix: "Add an entry." },
    ]);
  const problems = forEach.flatMap((entry, index) =>
    valueProblems(template, parameters, { ...given, ...entry }, forEach.length > 1 ? ` (entry ${index + 1})` : ""),
  );
  if (problems.length > 0) throw new PlanError(problems.slice(0, 50));
  return forEach.map((entry) => {
    const defaults = Object.fromEntries(
      Object.entries(parameters).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
    );
    const values = { ...defaults, ...given, ...entry };
    return { values, plan: fill(body, values, false) as Record<string, unknown> };
  });
}

function valueProblems(template: string, parameters: Template["parameters"], values: Values, where: string): PlanProblem[] {
  const known = Object.keys(parameters);
  const missing = known.filter((name) => values[name] === undefined && parameters[name]?.default === undefined);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  return [
    ...missing.map((name) => ({
      code: "template",
      message: `Template ${template} needs the parameter ${name}${where}${describe(parameters[name]?.description)}.`,
      fix: `Give it, for example --set ${name}=….`,
    })),
    ...unknown.map((name) => {
      const near = nearest(name, known);
      return {
        code: "template",
        message: `Template ${template} has no parameter ${name}${where}.${near.length > 0 ? ` Did you mean ${near.join(" or ")}?` : ""}`,
        fix: `It has: ${known.join(", ") || "none"}.`,
      };
    }),
  ];
}

function describe(text: string | undefined): string {
  return text === undefined ? "" : `: ${text}`;
}

const commandKeys = new Set(["command", "commands", "run", "verify"]);

/** Fills all texts. Below a key that holds commands, values are quoted. */
function fill(value: unknown, values: Values, inCommand: boolean): unknown {
  if (typeof value === "string") return fillText(value, values, inCommand);
  if (Array.isArray(value)) return value.map((item) => fill(item, values, inCommand));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      fillText(key, values, false),
      fill(item, values, commandKeys.has(key) || (inCommand && !isRecord(item))),
    ]),
  );
}

function fillText(text: string, values: Values, inCommand: boolean): string {
  return text.replace(/\{\{\{(\w+)\}\}\}|\{\{(\w+)\}\}/g, (hole, raw: string | undefined, name: string | undefined) => {
    const value = values[raw ?? name ?? ""];
    if (value === undefined)
      throw new PlanError([
        {
          code: "template",
          message: `${hole} is no parameter of this template.`,
          fix: `Declare it, or use one of: ${Object.keys(values).join(", ") || "none"}.`,
        },
      ]);
    return inCommand && raw === undefined ? shellQuoted(value) : value;
  });
}

function shellQuoted(value: string): string {
  return /^[\w./:@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
