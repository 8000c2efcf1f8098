import { describe, expect, it } from "vitest";
import { breakDown, breakdownsByRule } from "../../plan/decompose.ts";
import { compileGraph } from "../../plan/graph.ts";
import { parsePlan } from "../../plan/parse.ts";
import { type Opinion, refine } from "../../plan/refine.ts";

const planOf = (text: string) => parsePlan({ bytes: text, file: "todo.md" }).plan;
const opinion = (given: Partial<Opinion> & { id: string }): Opinion => ({
  kind: "claude",
  automation: "FULL_AUTO",
  confidence: 0.9,
  ...given,
});
const only = (plan: ReturnType<typeof planOf>) => plan.tasks[0] as (typeof plan.tasks)[number];

describe("a title with arrows", () => {
  it("is several things, one after the other, and what waited for it waits for the last", () => {
    const plan = parsePlan({
      bytes: JSON.stringify({
        tasks: [
          { id: "offer", title: "Send an e-mail with the offer → wait for the reply → write the summary" },
          { id: "next", title: "Write the contract", dependencies: ["offer"] },
        ],
      }),
      file: "plan.json",
    }).plan;
    const broken = breakDown(plan, breakdownsByRule(plan));
    expect(broken.tasks.map(({ id, kind }) => [id, kind])).toEqual([
      ["offer", expect.any(String)],
      ["offer.1", "email"],
      ["offer.2", "wait"],
      ["offer.3", expect.any(String)],
      ["next", "claude"],
    ]);
    expect(compileGraph(broken).waves).toEqual([["offer.1"], ["offer.2"], ["offer.3"], ["next"]]);
  });

  it.each(["Rename a -> b", "Build: `a -> b -> c` in the docs", "Plain work"])("is one thing: %s", (title) => {
    const plan = planOf(`- [ ] ${title}\n`);
    expect(breakdownsByRule(plan).flatMap(({ parts }) => parts).length).toBeLessThanOrEqual(title.includes("c`") ? 3 : 0);
  });
});

describe("what a model says", () => {
  it("may make a task stricter, and never laxer than the rules", () => {
    const careful = only(
      refine(planOf("- [ ] Tidy the old records\n"), [opinion({ id: "task-001", automation: "SEMI_AUTO", reason: "Deletes." })]),
    );
    expect(careful).toMatchObject({ automation: "SEMI_AUTO", requiresHuman: "Deletes.", classifiedBy: "model" });
    const posting = planOf("- [ ] Post the launch on Reddit\n");
    const lax = only(refine(posting, [opinion({ id: "task-001", kind: "http", automation: "FULL_AUTO", confidence: 1 })]));
    expect(lax.automation).not.toBe("FULL_AUTO");
    const spam = only(
      refine(planOf("- [ ] Write a mass e-mail to unsolicited bulk people\n"), [opinion({ id: "task-001", kind: "email" })]),
    );
    expect(spam).toMatchObject({ automation: "HUMAN_ONLY", kind: "human" });
  });

  it("does not touch what the plan wrote, and cannot invent commands", () => {
    const plan = planOf("- [ ] Build\n  Run: `make`\n- [ ] Guess\n");
    const refined = refine(plan, [opinion({ id: "task-001", kind: "email" }), opinion({ id: "task-002", kind: "shell" })]);
    expect(refined.tasks.map(({ kind }) => kind)).toEqual(["shell", "claude"]);
  });

  it("breaks a task down; a person confirms that first when the model is not sure", () => {
    const parts = [
      { title: "Send the e-mail", kind: "email" as const },
      { title: "Wait for the answer", kind: "wait" as const },
    ];
    const plan = planOf("- [ ] Reach out to the author\n");
    const sure = refine(plan, [opinion({ id: "task-001", parts, confidence: 0.9 })]);
    expect(compileGraph(sure).waves).toEqual([["task-001.1"], ["task-001.2"]]);
    const unsure = refine(plan, [opinion({ id: "task-001", parts, confidence: 0.6 })]);
    expect(compileGraph(unsure).waves).toEqual([["task-001.confirm"], ["task-001.1"], ["task-001.2"]]);
    expect(unsure.tasks.find(({ id }) => id === "task-001.confirm")).toMatchObject({
      kind: "human",
      description: expect.stringContaining("1. Send the e-mail (email)\n2. Wait for the answer (wait)"),
    });
  });
});
