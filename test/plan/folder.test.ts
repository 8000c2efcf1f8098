import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readPlanPath } from "../../plan/folder.ts";
import { compileGraph } from "../../plan/graph.ts";
import { PlanError } from "../../plan/plan-error.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "longhaul-folder-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

const refusalOf = (path: string, options = {}) =>
  readPlanPath(path, options).then(
    () => expect.unreachable("the folder was not refused"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(PlanError);
      return (error as PlanError).problems[0];
    },
  );
const task = (id: string, more = "") =>
  `---\nid: ${id}\ntitle: Do ${id}\nstatus: To Do\nassignee: []\n${more}---\n\n## Description\n\nText of ${id}\n`;

describe("a folder that is a plan", () => {
  it("joins the tasks of a backlog, comparing ids by their number", async () => {
    await put({
      "backlog/tasks/task-1 - one.md": task("BACK-1"),
      "backlog/tasks/task-2 - two.md": task("BACK-2", "dependencies: [task-1]\n"),
      "backlog/tasks/task-2.1 - part.md": task("BACK-2.1", "dependencies: [BACK-9]\nparent_task_id: BACK-2\n"),
    });
    const { plan, report } = await readPlanPath(join(folder, "backlog"));
    expect(report.format).toMatchObject({ name: "backlog-md", variant: "folder" });
    expect(plan.tasks.find((each) => each.id === "BACK-2")?.dependencies).toMatchObject([{ to: "BACK-1", kind: "explicit" }]);
    expect(plan.tasks.find((each) => each.id === "BACK-2.1")?.parent).toBe("BACK-2");
    expect(plan.externalRefs).toMatchObject([{ from: "BACK-2.1", ref: "BACK-9" }]);
    expect(compileGraph(plan).edges.map(({ from, to }) => [from, to])).toEqual([["BACK-2.1", "BACK-1"]]);
  });

  it("lets the front matter of plan files replace the order by number", async () => {
    await put({
      ".planning/ROADMAP.md":
        "# Roadmap: X\n\n### Phase 1: A\n**Goal**: a\n\nPlans:\n- [ ] 01-01: One\n- [ ] 01-02: Two\n- [ ] 01-03: Three\n",
      ".planning/phases/01-a/01-02-PLAN.md":
        "---\nphase: 01-a\nplan: 02\nwave: 1\ndepends_on: []\nfiles_modified: [src/two.ts]\n---\n<objective>Make two</objective>\n",
      ".planning/phases/01-a/01-03-PLAN.md":
        "---\nphase: 01-a\nplan: 03\nwave: 2\ndepends_on: [01-02]\n---\n<objective>Make three</objective>\n",
    });
    const { plan } = await readPlanPath(folder);
    expect(compileGraph(plan).waves).toEqual([["01-01", "01-02"], ["01-03"]]);
    expect(plan.tasks[1]).toMatchObject({ wave: 1, description: "Make two", files: { modify: ["src/two.ts"] } });
  });

  it("takes the plan file that a tool keeps", async () => {
    await put({ "specs/001-x/tasks.md": "- [ ] T001 One\n- [ ] T002 Two\n", "specs/001-x/spec.md": "# Spec\n" });
    const { plan } = await readPlanPath(join(folder, "specs/001-x"));
    expect(plan.tasks.map((each) => each.sourceFile)).toEqual([
      join(folder, "specs/001-x/tasks.md"),
      join(folder, "specs/001-x/tasks.md"),
    ]);
  });

  it("reads a file by its path", async () => {
    await put({ "todo.md": "- [ ] a\n" });
    expect((await readPlanPath(join(folder, "todo.md"))).plan.tasks).toHaveLength(1);
  });

  it("says what it looked for, and refuses what is missing or too large", async () => {
    await put({ "readme.txt": "x", "ROADMAP.md": "- [ ] a\n".repeat(100) });
    expect(await refusalOf(join(folder, "nowhere"))).toMatchObject({ code: "no-such-file" });
    expect(await refusalOf(join(folder, "ROADMAP.md"), { limits: { maxBytes: 10 } })).toMatchObject({ code: "too-large" });
    await rm(join(folder, "ROADMAP.md"));
    expect((await refusalOf(folder))?.message).toContain("looked for ROADMAP.md");
  });
});
