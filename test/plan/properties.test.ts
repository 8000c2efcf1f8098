import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileGraph } from "../../plan/graph.ts";
import { formatNames, type PlanInput, parsePlan } from "../../plan/parse.ts";
import { PlanError } from "../../plan/plan-error.ts";
import { printPlan } from "../../plan/print.ts";
import { arbitraryPlan } from "./arbitrary-plan.ts";

const corpus = join(import.meta.dirname, "../corpus");
const files = readdirSync(corpus, { recursive: true, encoding: "utf8" }).filter((file) => /[/\\].+\.\w+$/.test(file));
const texts = files.map((file) => ({ file, text: readFileSync(join(corpus, file), "utf8").slice(0, 8000) }));

/** A fault of a reader is reported as "unreadable"; that is a promise kept towards callers, and a failure here. */
function readsOrRefuses(input: PlanInput): void {
  try {
    parsePlan(input);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    const fault = error.problems.find((problem) => problem.code === "unreadable");
    if (fault) throw new Error(fault.message, { cause: error });
    expect(error.problems.length).toBeGreaterThan(0);
  }
}

const words = fc.constantFrom(
  ...'# |## |### Task 1: |### Phase 2: |- [ ] |- [x] |  - [ ] |* |1. |T001 |T002 [P] |(depends on T001) |1.1 |01-01: |**Depends on**: |Phase 1|Phases 1-3|\n|\n\n|```|````|~~~|<task type="auto">|</task>|<!-- |-->|\\| a \\| Status \\||\n|---|---|\n|> |>>> |\t|   |---\n|id: a\n|ISC-1: |`x`|Run: `ls`|Verify: |<details>|[ ]|S01: |`depends:[S02]`|🚀|（P）|\u00a0|\ufeff'.split(
    "|",
  ),
);
const soup = fc
  .array(fc.oneof({ weight: 8, arbitrary: words }, { weight: 1, arbitrary: fc.string({ maxLength: 10, unit: "binary" }) }), {
    maxLength: 60,
  })
  .map((parts) => parts.join(""));

const keys = fc.constantFrom(
  ..."id title tasks phases name status dependencies depends_on subtasks userStories passes priority todos content subject blocks blockedBy master testStrategy verify command commands estimate retry limits gates wbs_project task_children extra_fields milestones slices parent phase files optional longhaul plan rows description".split(
    " ",
  ),
);
const data = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(
      "a",
      "b",
      "1",
      1,
      2,
      1.5,
      -1,
      true,
      false,
      null,
      "",
      "done",
      "1-3",
      "a, b",
      "x".repeat(300),
      "\u0000",
    ),
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(keys, tie("node"), { maxKeys: 5 }),
  ),
})).node;

/** A file with lines taken out, repeated, exchanged or cut in the middle. */
const damaged = fc
  .record({
    at: fc.nat(texts.length - 1),
    cuts: fc.array(fc.tuple(fc.nat(400), fc.nat(400), fc.constantFrom("drop", "repeat", "swap", "cut", "indent")), {
      maxLength: 8,
    }),
  })
  .map(({ at, cuts }) => {
    const { file, text } = texts[at] as { file: string; text: string };
    const lines = text.split("\n");
    for (const [a, b, how] of cuts) {
      const [i, j] = [a % lines.length, b % lines.length];
      const [first, second] = [lines[i] ?? "", lines[j] ?? ""];
      if (how === "drop") lines.splice(i, 1 + (b % 3));
      else if (how === "repeat") lines.splice(i, 0, second);
      else if (how === "swap") [lines[i], lines[j]] = [second, first];
      else if (how === "cut") lines[i] = first.slice(0, b % (first.length + 1));
      else lines[i] = `    ${first}`;
      if (lines.length === 0) lines.push("");
    }
    return { file, bytes: lines.join("\n") };
  });

describe("whatever the input", () => {
  it("is read or refused when it is a soup of markdown", () => {
    fc.assert(
      fc.property(soup, (bytes) => readsOrRefuses({ bytes, file: "plan.md" })),
      { numRuns: 600 },
    );
  });

  it("is read or refused when it is data of any shape, as JSON and as YAML", () => {
    fc.assert(
      fc.property(data, fc.constantFrom("plan.json", "plan.yaml", "tasks.json", "issues.jsonl"), (value, file) =>
        readsOrRefuses({ bytes: JSON.stringify(value), file }),
      ),
      { numRuns: 600 },
    );
  });

  it("is read or refused when it is a damaged plan", () => {
    fc.assert(fc.property(damaged, readsOrRefuses), { numRuns: 400 });
  });

  it("is read or refused as any format that it is said to be", () => {
    fc.assert(
      fc.property(damaged, fc.constantFrom(...formatNames()), (input, format) => readsOrRefuses({ ...input, format })),
      { numRuns: 400 },
    );
  });

  it("is read or refused when it is bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => readsOrRefuses({ bytes })),
      { numRuns: 300 },
    );
  });
});

describe("a printed plan", () => {
  it("is read back as the same plan", () => {
    fc.assert(
      fc.property(arbitraryPlan, (plan) => {
        expect(parsePlan({ bytes: printPlan(plan) }).plan).toEqual(plan);
      }),
      { numRuns: 200 },
    );
  });

  it("is read back as the same plan for every file of the corpus", () => {
    for (const { file } of texts.filter(({ file: name }) => !/PRDFORMAT/.test(name))) {
      const { plan } = parsePlan({ bytes: readFileSync(join(corpus, file)), file });
      const again = parsePlan({ bytes: printPlan(plan) });
      expect(again.plan, file).toEqual(plan);
      expect(compileGraph(again.plan).edges, file).toEqual(compileGraph(plan).edges);
    }
  });
});

describe("the graph of any plan", () => {
  it("has edges between leaves only, each once, and an order that respects all of them", () => {
    fc.assert(
      fc.property(arbitraryPlan, (plan) => {
        const graph = compileGraph(plan);
        const place = new Map(graph.order.map((id, index) => [id, index]));
        expect(graph.order).toHaveLength(graph.leaves.length);
        expect(new Set(graph.edges.map((edge) => `${edge.from}\n${edge.to}`)).size).toBe(graph.edges.length);
        for (const edge of graph.edges) expect(place.get(edge.to)).toBeLessThan(place.get(edge.from) ?? -1);
        expect(graph.waves.flat()).toEqual(graph.order);
      }),
      { numRuns: 200 },
    );
  });
});
