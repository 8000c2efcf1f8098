/** One sentence, expanded by the eight-step template. Only read so when asked to: a sentence alone is no plan. */
import type { Draft } from "../draft.ts";
import { PlanError } from "../plan-error.ts";
import { intentBuild } from "../templates/intent-build.ts";
import { expandTemplate, type Values } from "../templates/template.ts";
import { isRecord, records } from "./record.ts";
import { Source } from "./source.ts";
import { readTaskList } from "./task-list.ts";

const longestIntent = 2000;
const mostIterations = 10;

export function readIntent(source: Source): Draft {
  const intent = source.text.text.trim().replace(/\s+/g, " ");
  const { length } = intent;
  if (length > longestIntent)
    throw refused(`The intent has ${length} characters; the limit is ${longestIntent}.`, "Say it in a sentence or two.");
  const given = { ...source.parameters, intent };
  const [expanded] = expandTemplate(intentBuild, given);
  const values = expanded?.values ?? {};
  checkValues(values);
  const plan = { ...expanded?.plan, tasks: records(expanded?.plan["tasks"]).map((task) => fitted(task, values)) };
  const draft = readTaskList(new Source({ ...source.text, text: JSON.stringify(plan), file: "intent.json" }));
  // The lines are those of the expanded text, which nobody has seen.
  for (const task of draft.tasks) {
    delete task.sourceLine;
    task.sourceFile = source.file;
  }
  draft.source = "INTENT";
  return draft;
}

function checkValues(values: Values): void {
  const iterations = Number(values["iterations"]);
  if (!Number.isInteger(iterations) || iterations < 0 || iterations > mostIterations) {
    throw refused(
      `iterations: '${values["iterations"]}' is no whole number from 0 to ${mostIterations}.`,
      "Leave it out for 10.",
    );
  }
  if (values["host"] === "" || values["host"] === undefined) return;
  for (const name of ["folder", "health"]) {
    if (values[name] === "")
      throw refused(`A deployment to ${values["host"]} needs the parameter ${name}.`, `Give it, for example --set ${name}=….`);
  }
}

const refused = (message: string, fix: string) => new PlanError([{ code: "intent", message, line: 1, column: 1, fix }]);

/** The task without what was not given: empty params are none, and a task without the parameter that it is for is left out. */
function fitted({ when, ...task }: Record<string, unknown>, values: Values): Record<string, unknown> {
  const params = withoutEmpty(task["params"]);
  const numbers =
    isRecord(params) && typeof params["fixIterations"] === "string" ? { fixIterations: Number(params["fixIterations"]) } : {};
  const skipped = typeof when === "string" && values[when] === "";
  return { ...task, params: { ...(isRecord(params) ? params : {}), ...numbers }, ...(skipped ? { status: "skipped" } : {}) };
}

/** Records that hold nothing but descriptions of nothing go too: `github: {name: ""}` asks for no repository there. */
function withoutEmpty(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (value["name"] === "") return undefined;
  const kept = Object.entries(value)
    .map(([key, item]) => [key, withoutEmpty(item)] as const)
    .filter(([, item]) => item !== undefined && item !== "");
  return Object.fromEntries(kept);
}
