import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { readPlanPath } from "../../plan/folder.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp("/tmp/longhaul-siblings-");
  return () => rm(folder, { recursive: true, force: true });
});
const put = (files: Record<string, string>) =>
  Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));

const gsd = (plan: string, dependsOn: string) =>
  `---\nphase: 05-x\nplan: "${plan}"\ndepends_on: [${dependsOn}]\n---\n\n<tasks>\n<task type="auto">\n  <name>Task 1: Do ${plan}</name>\n  <action>Do it</action>\n  <verify>true</verify>\n  <done>Done</done>\n</task>\n</tasks>\n`;
const backlog = (id: string, status: string, dependencies = "[]") =>
  `---\nid: ${id}\ntitle: The task ${id}\nstatus: ${status}\ndependencies: ${dependencies}\n---\n\n## Description\n\nText\n\n## Acceptance Criteria\n\n- [ ] #1 It works\n`;

describe("a reference to a task of another file", () => {
  it("is settled by a file beside it that says it is done", async () => {
    await put({ "05-04-PLAN.md": gsd("04", '"05-03"'), "05-03-PLAN.md": gsd("03", ""), "05-03-SUMMARY.md": "# Done\n" });
    const { plan, report } = await readPlanPath(join(folder, "05-04-PLAN.md"));
    expect(plan.externalRefs).toEqual([]);
    expect(report.warnings.map(({ text }) => text)).toContain("05-04 needs 05-03, which is done in 05-03-SUMMARY.md.");
  });

  it("stays outside while it is open there, and the report says where", async () => {
    await put({ "05-04-PLAN.md": gsd("04", '"05-03"'), "05-03-PLAN.md": gsd("03", "") });
    const { plan, report } = await readPlanPath(join(folder, "05-04-PLAN.md"));
    expect(plan.externalRefs).toMatchObject([{ from: "05-04", ref: "05-03" }]);
    expect(report.warnings).toContainEqual(
      expect.objectContaining({
        text: "05-04 needs 05-03, which is still open in 05-03-PLAN.md.",
        fix: expect.stringContaining(folder),
      }),
    );
  });

  it.each([
    ["Done", []],
    ["To Do", ["task-1"]],
  ])("takes the status that the other file gives: %s", async (status, external) => {
    await put({ "task-2 - Second.md": backlog("task-2", "To Do", "[task-1]"), "task-1 - First.md": backlog("task-1", status) });
    const { plan } = await readPlanPath(join(folder, "task-2 - Second.md"));
    expect(plan.externalRefs.map(({ ref }) => ref)).toEqual(external);
  });

  it("is not taken for another one whose name begins the same", async () => {
    await put({ "task-2 - Second.md": backlog("task-2", "To Do", "[task-1]"), "task-10 - Tenth.md": backlog("task-10", "Done") });
    expect((await readPlanPath(join(folder, "task-2 - Second.md"))).plan.externalRefs).toHaveLength(1);
  });

  it("is left alone beside files that are no plans", async () => {
    await put({ "task-2 - Second.md": backlog("task-2", "To Do", "[task-1]"), "package.json": "{", "binary.md": "\0\0\0" });
    await mkdir(join(folder, "task-1.md"));
    expect((await readPlanPath(join(folder, "task-2 - Second.md"))).plan.externalRefs).toHaveLength(1);
  });
});
