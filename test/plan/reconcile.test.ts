import { describe, expect, it } from "vitest";
import { parsePlan } from "../../plan/parse.ts";
import { type Progress, reconcile } from "../../plan/reconcile.ts";

const read = (text: string) => parsePlan({ bytes: text, file: "ROADMAP.md" }).plan;
const roadmap = (...lines: string[]) => read(`# Roadmap\n\n## Phase 1: A\n**Goal**: a\n\n${lines.join("\n")}\n`);
const progress = (states: Record<string, Progress>) => (id: string) => states[id] ?? "waiting";

describe("a changed plan against the running one", () => {
  const before = roadmap("- [ ] 01-01: One", "- [ ] 01-02: Two", "- [ ] 01-03: Three");

  it("is unchanged when only lines moved", () => {
    const after = read(
      `# Roadmap\n\nSome words more.\n\n## Phase 1: A\n**Goal**: a\n\n- [x] 01-01: One\n- [ ] 01-02: Two\n- [ ] 01-03: Three\n`,
    );
    expect(reconcile(before, after, progress({}))).toMatchObject({
      added: [],
      removed: [],
      changed: [],
      unchanged: ["01-01", "01-02", "01-03"],
    });
  });

  it("adds, removes and changes what has not begun", () => {
    const after = roadmap("- [ ] 01-01: One", "- [ ] 01-02: Two, better", "- [ ] 01-04: Four");
    const found = reconcile(before, after, progress({ "01-01": "finished" }));
    expect(found.added.map((task) => task.id)).toEqual(["01-04"]);
    expect(found.removed.map((task) => task.id)).toEqual(["01-03"]);
    expect(found.changed).toMatchObject([{ id: "01-02", fields: [{ name: "title", before: "Two", after: "Two, better" }] }]);
  });

  it("keeps what is finished and asks about what runs", () => {
    const after = roadmap("- [ ] 01-01: Uno", "- [ ] 01-03: Three");
    const found = reconcile(before, after, progress({ "01-01": "finished", "01-02": "running" }));
    expect(found.kept).toEqual(["01-01"]);
    expect(found.undecided).toEqual(["01-02"]);
    expect(found.removed).toEqual([]);
  });

  it("knows a task again by its title when its id changed, with its dependents", () => {
    const after = roadmap("- [ ] 01-01: One", "- [ ] 01-05: Two", "- [ ] 01-06: Three");
    const found = reconcile(before, after, progress({}));
    expect(found.renamed).toEqual([
      { before: "01-02", after: "01-05" },
      { before: "01-03", after: "01-06" },
    ]);
    expect(found).toMatchObject({ added: [], removed: [], changed: [] });
  });
});
