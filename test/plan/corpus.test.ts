import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Dependency, Group, ParsedPlan, Task } from "../../plan/model.ts";
import { parsePlan } from "../../plan/parse.ts";

const folder = join(import.meta.dirname, "../corpus");
type Edge = { from: string; to: string; kind: "explicit" | "implied"; level: "task" | "phase" | "plan" };
type Entry = {
  file: string;
  format: string;
  confidence: string;
  line_endings: string;
  expected: Record<string, unknown> & { deps?: Edge[] };
};
const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as { files: Entry[] };

const read = (file: string): ParsedPlan => parsePlan({ bytes: readFileSync(join(folder, file)), file });

/** Figures of the index that are no counts of the report, each read from the plan itself. */
const others: Record<string, (parsed: ParsedPlan) => unknown> = {
  in_progress: ({ plan }) => plan.tasks.filter((task) => task.status === "in_progress").length,
  epics: ({ plan }) => plan.tasks.filter((task) => task.extra.issue_type === "epic").length,
  commands: ({ plan }) => plan.tasks.filter((task) => task.commands.length > 0).length,
  dep_edges_blocks: ({ plan }) => edgesOf(plan.tasks, "blocks"),
  dep_edges_parent_child: ({ plan }) => plan.tasks.filter((task) => task.parent !== undefined).length,
  dep_edges_tasks: ({ plan }) => explicit(plan.tasks).length,
  dep_edges_phases: ({ plan }) => explicit(plan.phases).length,
  estimates: ({ plan }) => plan.tasks.map((task) => task.estimate?.raw),
  plan_id: ({ plan }) => plan.tasks[0]?.extra.plan,
  plan_depends_on: ({ plan }) => plan.externalRefs.map((ref) => ref.ref),
  wave: ({ plan }) => plan.tasks[0]?.wave,
  autonomous: ({ plan }) => plan.tasks[0]?.autonomous,
  line_endings: ({ plan }) => plan.input[0]?.eol,
  status: ({ plan }) => plan.tasks[0]?.statusRaw,
  parent: ({ plan }) => plan.tasks[0]?.extra.parent_task_id,
  rows: ({ plan }) => plan.tasks.length + plan.phases.length + 1,
  duration_records: ({ report }) =>
    Number(/^(\d+) /.exec(report.warnings.find((warning) => warning.code === "stage-alone")?.text ?? "")?.[1]),
  dep_records: ({ plan }) => plan.externalRefs.length,
};
/** These need the stage that defines the tasks; `planexe.test.ts` reads both together. */
const needOtherStages = new Set(["dep_edges_usable", "dep_edges_to_own_parent"]);

function explicit(holders: (Task | Group)[]): Dependency[] {
  return holders.flatMap((holder) => holder.dependencies.filter((edge) => edge.kind === "explicit"));
}

function edgesOf(tasks: Task[], rule: string): number {
  return tasks.flatMap((task) => task.dependencies.filter((edge) => edge.rule === rule)).length;
}

/** The index writes names as a person would: "Task 2", "task2", "2A.2", or the beginning of a UUID. */
function names(parsed: ParsedPlan, id: string, written: string): boolean {
  const node = [...parsed.plan.tasks, ...parsed.plan.phases].find((holder) => holder.id === id);
  const display = node?.displayId ?? id;
  const short = written.replace(/^task\s*/i, "");
  const group = node && "phase" in node ? parsed.plan.phases.find((phase) => phase.id === node.phase)?.displayId : undefined;
  return (
    [display, `${group}.${display}`].includes(short) || display === written || (short.length >= 8 && display.startsWith(short))
  );
}

function hasEdge(parsed: ParsedPlan, edge: Edge): boolean {
  const { plan } = parsed;
  const external = plan.externalRefs.some((ref) => ref.from === edge.from && ref.ref === edge.to);
  if (edge.level === "plan") return external;
  const holders: (Task | Group)[] = edge.level === "phase" ? plan.phases : plan.tasks;
  const written = holders
    .filter((holder) => names(parsed, holder.id, edge.from))
    .some((holder) => holder.dependencies.some((to) => to.kind === edge.kind && names(parsed, to.to, edge.to)));
  return written || (edge.kind === "explicit" && external);
}

function differences(entry: Entry, parsed: ParsedPlan): string[] {
  const wrong: string[] = [];
  for (const [key, value] of Object.entries(entry.expected)) {
    if (key === "deps" || needOtherStages.has(key)) continue;
    // The index leaves the count open where bullets may or may not be tasks.
    if (value === null && !key.startsWith("phases")) continue;
    const got = key in others ? others[key]?.(parsed) : (parsed.report.counts as Record<string, unknown>)[key];
    if (JSON.stringify(got) !== JSON.stringify(value))
      wrong.push(`${key}: ${JSON.stringify(got)} instead of ${JSON.stringify(value)}`);
  }
  const { done, effective_done } = parsed.report.counts;
  if (entry.expected.effective_done === undefined && effective_done !== done)
    wrong.push(`effective_done: ${effective_done} differs from done`);
  for (const edge of entry.expected.deps ?? [])
    if (!hasEdge(parsed, edge)) wrong.push(`no ${edge.kind} ${edge.level} edge ${edge.from} → ${edge.to}`);
  return wrong;
}

describe("every file of the corpus", () => {
  const rows: string[] = [];
  afterAll(() => {
    const head = `${"file".padEnd(52)}${"format".padEnd(16)}phases  done tasks leaves done effective edges`;
    console.log([head, ...rows, `${rows.length} of ${index.files.length} files`].join("\n"));
  });

  it("has 88 entries", () => {
    expect(index.files).toHaveLength(88);
  });

  it.each(index.files.map((entry) => [entry.file, entry] as const))(
    "%s gives the figures and dependencies of the index",
    (file, entry) => {
      const parsed = read(file);
      const { counts: c, format } = parsed.report;
      expect(differences(entry, parsed)).toEqual([]);
      const figures = [
        c.phases,
        c.phases_done ?? "-",
        c.tasks,
        c.leaf_tasks,
        c.done,
        c.effective_done,
        entry.expected.deps?.length ?? 0,
      ];
      rows.push(`${file.padEnd(52)}${format.name.padEnd(16)}${figures.map((figure) => String(figure).padStart(6)).join("")}`);
    },
  );

  it("gives each task a line of its file, or none where the format has no lines", () => {
    for (const { file } of index.files.filter((entry) => entry.file.endsWith(".md"))) {
      const lines = readFileSync(join(folder, file), "utf8").split(/\r?\n/);
      for (const task of read(file).plan.tasks) {
        expect(task.sourceLine, `${file}: ${task.id}`).toBeGreaterThan(0);
        expect(lines[(task.sourceLine ?? 0) - 1]?.trim(), `${file}: ${task.id}`).toBeTruthy();
      }
    }
  });
});
