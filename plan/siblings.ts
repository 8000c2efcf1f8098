/**
 * References to another file, looked up in the files beside the one that was handed over. What is done there needs no confirmation; what is
 * open or not to be found stays external.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ParsedPlan, Task } from "./model.ts";
import { parsePlan } from "./parse.ts";
import { isEffectivelyDone } from "./standing.ts";

type Found = { file: string; done: boolean };

const mayBelong = /\.(?:md|json|jsonl)$/i;
/** Beyond it a folder is no folder of plan files. */
const mostFiles = 300;
const mostBytes = 512 * 1024;

/** @param file the plan's own file */
export async function resolveBeside(parsed: ParsedPlan, file: string): Promise<ParsedPlan> {
  const { plan, report } = parsed;
  if (plan.externalRefs.length === 0) return parsed;
  const folder = dirname(file);
  const names = (await readdir(folder).catch(() => [])).filter((name) => mayBelong.test(name) && name !== basename(file)).sort();
  if (names.length === 0 || names.length > mostFiles) return parsed;
  const known = new Map<string, Found | undefined>();
  for (const { ref } of plan.externalRefs) if (!known.has(ref)) known.set(ref, await lookFor(ref, folder, names));
  const warnings = plan.externalRefs.flatMap(({ from, ref, line }) => {
    const found = known.get(ref);
    if (found === undefined) return [];
    const text = `${from} needs ${ref}, which ${found.done ? "is done" : "is still open"} in ${found.file}.`;
    const remedy = found.done ? {} : { fix: `Hand over the folder ${folder} to run both, or finish it first.` };
    return [{ code: "beside", text, ...(line === undefined ? {} : { line }), ...remedy }];
  });
  const isDone = (ref: string) => known.get(ref)?.done === true;
  return {
    plan: { ...plan, externalRefs: plan.externalRefs.filter(({ ref }) => !isDone(ref)) },
    report: { ...report, warnings: [...report.warnings, ...warnings] },
  };
}

/** Files named after what they hold (`05-03-PLAN.md`, `task-118 - Title.md`) first; else whichever has a task of that name. */
async function lookFor(ref: string, folder: string, names: readonly string[]): Promise<Found | undefined> {
  const wanted = nameKey(ref);
  const named = names.filter(
    (name) => nameKey(name).startsWith(wanted) && !/[a-z0-9.]/.test(nameKey(name).charAt(wanted.length)),
  );
  const summary = named.find((name) => /-summary\.md$/i.test(name)); // GSD writes one when a plan is done
  if (summary !== undefined) return { file: summary, done: true };
  for (const name of named.length > 0 ? named : names) {
    const tasks = await tasksNamed(wanted, join(folder, name), named.length > 0);
    if (tasks !== undefined && tasks.length > 0) return { file: name, done: tasks.every(({ done }) => done) };
  }
  return undefined;
}

async function tasksNamed(wanted: string, path: string, whole: boolean): Promise<{ done: boolean }[] | undefined> {
  if ((await stat(path)).size > mostBytes) return undefined;
  try {
    const { plan } = parsePlan({ bytes: await readFile(path), file: path });
    const named = plan.tasks.filter((task) => nameKey(task.displayId) === wanted || nameKey(task.id) === wanted);
    const tasks: Task[] = named.length === 0 && whole ? plan.tasks : named;
    return tasks.map((task) => ({ done: isEffectivelyDone(plan, task) }));
  } catch {
    return undefined; // no plan, and nobody asked for it to be one
  }
}

const nameKey = (name: string) => name.toLowerCase().trim();
