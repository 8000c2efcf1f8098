import { readFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPlanPath } from "../../plan/folder.ts";
import { compileGraph } from "../../plan/graph.ts";
import type { ParsedPlan } from "../../plan/model.ts";

const corpus = join(import.meta.dirname, "../corpus/f-planexe");
const index = JSON.parse(readFileSync(join(corpus, "../index.json"), "utf8")) as {
  files: { file: string; expected: Record<string, number> }[];
};
const expected = index.files.find((entry) => entry.file.endsWith("solarfarm-task_dependencies.json"))?.expected ?? {};

describe("a folder of PlanExe stages", () => {
  let folder = "";
  let parsed: ParsedPlan;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "longhaul-planexe-"));
    for (const name of ["wbs_level1", "wbs_level2", "wbs_level3", "task_dependencies", "task_durations"]) {
      await cp(join(corpus, `solarfarm-${name}.json`), join(folder, `${name}.json`));
    }
    parsed = await readPlanPath(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("joins the stages by their ids", () => {
    expect(parsed.plan.title).toBe("Denmark Solar Farm");
    expect(parsed.report.counts).toMatchObject({ phases: 7, tasks: 20 });
    expect(
      parsed.plan.tasks.filter((task) => task.estimate !== undefined).length +
        parsed.plan.phases.filter((phase) => phase.estimate !== undefined).length,
    ).toBe(6);
  });

  it("merges the records of one dependent and leaves out that a part waits for its own whole", () => {
    const edges = [...parsed.plan.tasks, ...parsed.plan.phases].flatMap((holder) =>
      holder.dependencies.filter((edge) => edge.kind === "explicit"),
    );
    expect(edges).toHaveLength(expected.dep_edges_usable ?? -1);
    expect(parsed.report.warnings.filter((warning) => warning.code === "own-whole")).toHaveLength(
      expected.dep_edges_to_own_parent ?? -1,
    );
    expect(parsed.plan.externalRefs).toEqual([]);
  });

  it("makes a graph without a preference becoming an edge", () => {
    expect(compileGraph(parsed.plan).edges.every((edge) => edge.rule === "task_dependency_details")).toBe(true);
  });
});
