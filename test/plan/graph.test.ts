import { describe, expect, it } from "vitest";
import { compileGraph, isEffectivelyDone } from "../../plan/graph.ts";
import { parsePlan } from "../../plan/parse.ts";
import { PlanError } from "../../plan/plan-error.ts";

const list = (tasks: object[], phases: object[] = []) =>
  parsePlan({ bytes: JSON.stringify({ title: "T", phases, tasks }), file: "plan.json" });
const pairs = (edges: { from: string; to: string }[]) => edges.map(({ from, to }) => `${from}<-${to}`).sort();

function problemsOf(read: () => unknown): PlanError["problems"] {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError);
    return (error as PlanError).problems;
  }
  throw new Error("nothing was refused");
}

describe("the graph of a plan", () => {
  it("binds the beginnings of a phase to the ends of the phase it waits for", () => {
    const { plan } = list(
      [
        { id: "a1", phase: "A" },
        { id: "a2", phase: "A", dependencies: ["a1"] },
        { id: "a3", phase: "A" },
        { id: "b1", phase: "B" },
        { id: "b2", phase: "B", dependencies: ["b1"] },
      ],
      [{ id: "A" }, { id: "B", dependencies: ["A"] }],
    );
    const graph = compileGraph(plan);
    expect(pairs(graph.edges)).toEqual(["a2<-a1", "b1<-a2", "b1<-a3", "b2<-b1"]);
    expect(graph.waves).toEqual([["a1", "a3"], ["a2"], ["b1"], ["b2"]]);
  });

  it("waits for the open task of a phase even when a later one is already done", () => {
    const { plan } = list(
      [
        { id: "a1", phase: "A" },
        { id: "a2", phase: "A", dependencies: ["a1"], status: "done" },
        { id: "b1", phase: "B" },
      ],
      [{ id: "A" }, { id: "B", dependencies: ["A"] }],
    );
    expect(pairs(compileGraph(plan).edges)).toContain("b1<-a1");
    expect(plan.tasks.map((task) => isEffectivelyDone(plan, task))).toEqual([false, true, false]);
  });

  it("does not hold a phase for the optional or deferred work of the one before", () => {
    const { plan } = list(
      [
        { id: "a1", phase: "A" },
        { id: "a2", phase: "A", optional: true },
        { id: "a3", phase: "A", status: "deferred" },
        { id: "b1", phase: "B" },
      ],
      [{ id: "A" }, { id: "B", dependencies: ["A"] }],
    );
    expect(pairs(compileGraph(plan).edges)).toEqual(["b1<-a1"]);
  });

  it("expands a dependency on a parent to its parts and closes the parent when they are done", () => {
    const { plan } = list([
      {
        id: "p",
        subtasks: [
          { id: "1", status: "done" },
          { id: "2", dependencies: ["1"], status: "done" },
        ],
      },
      { id: "q", dependencies: ["p"] },
    ]);
    expect(pairs(compileGraph(plan).edges)).toEqual(["p.2<-p.1", "q<-p.2"]);
    expect(isEffectivelyDone(plan, plan.tasks[0] as never)).toBe(true);
  });

  it("names every separate circle once, by its shortest path", () => {
    const problems = problemsOf(() =>
      list([
        { id: "a", dependencies: ["b", "c"] },
        { id: "b", dependencies: ["a"] },
        { id: "c", dependencies: ["b"] },
        { id: "x", dependencies: ["y"] },
        { id: "y", dependencies: ["x"] },
        { id: "z", dependencies: ["z"] },
      ]),
    );
    expect(problems.map((problem) => problem.code)).toEqual(["circle", "circle", "circle"]);
    expect(problems.map((problem) => problem.message).join("\n")).toContain("Circular dependency: a → b → a");
    expect(problems.map((problem) => problem.message).join("\n")).toContain("z → z");
  });

  it("finds a circle that only closes through a phase", () => {
    const problems = problemsOf(() =>
      list(
        [
          { id: "a", phase: "A", dependencies: ["b"] },
          { id: "b", phase: "B" },
        ],
        [{ id: "A" }, { id: "B", dependencies: ["A"] }],
      ),
    );
    expect(problems[0]?.message).toContain("Circular dependency");
  });

  it("drops an order that contradicts what is written, and says so", () => {
    const text = "# Roadmap\n\n## Phase 1: One\n**Plans**:\n- [ ] 01-01: First\n  - Depends on: 01-02\n- [ ] 01-02: Second\n";
    const { plan, report } = parsePlan({ bytes: text, file: "ROADMAP.md" });
    expect(pairs(compileGraph(plan).edges)).toEqual(["01-01<-01-02"]);
    expect(report.warnings.find((warning) => warning.code === "dropped-order")?.text).toContain("01-02 → 01-01");
  });

  it("suggests near ids for an unknown one", () => {
    const problems = problemsOf(() => list([{ id: "2" }, { id: "12.1" }, { id: "12", dependencies: ["21"] }]));
    expect(problems[0]?.message).toMatch(/Task 12 \(line \d+\) depends on 21, which is not in this plan\. Did you mean /);
    expect(problems[0]).toMatchObject({ code: "unknown-id", file: "plan.json", line: 1 });
  });

  it("adds up the longest chain of open work", () => {
    const { plan } = list([
      { id: "a", estimate: "10m" },
      { id: "b", estimate: "1h", dependencies: ["a"] },
      { id: "c", estimate: "5m", dependencies: ["a"] },
      { id: "d", estimate: "30m", dependencies: ["b"], status: "done" },
    ]);
    expect(compileGraph(plan).criticalPath).toEqual({ ids: ["a", "b"], minutes: 70 });
  });
});
