import { describe, expect, it } from "vitest";
import { automationVerdict, needsConfirmation } from "../../plan/classify.ts";
import type { Task } from "../../plan/model.ts";
import { parsePlan } from "../../plan/parse.ts";

const verdict = (title: string, more: Partial<Parameters<typeof automationVerdict>[0]> = {}) =>
  automationVerdict({ title, ...more }).level;
const first = (text: string): Task => parsePlan({ bytes: text, file: "todo.md" }).plan.tasks[0] as Task;
const record = (task: object): Task =>
  parsePlan({ bytes: JSON.stringify({ tasks: [{ id: "a", ...task }] }), file: "plan.json" }).plan.tasks[0] as Task;

describe("what is never automated", () => {
  it.each([
    ["Post the launch announcement on LinkedIn", "SEMI_AUTO"],
    ["Submit to Hacker News (2-3 hours after launch)", "SEMI_AUTO"],
    ["Share on Twitter using `social/card.svg`", "SEMI_AUTO"],
    ["Reddit posts published", "SEMI_AUTO"],
    ["Send thank you messages to top supporters", "SEMI_AUTO"],
    ["Run the sales call with ACME", "HUMAN_ONLY"],
    ["Decide on the pricing strategy", "HUMAN_ONLY"],
    ["Approve the invoice of the printer", "HUMAN_ONLY"],
    ["Brand review of the landing page", "HUMAN_ONLY"],
    ["Sign the contract with the landlord", "HUMAN_ONLY"],
    ["Record a demo video", "HUMAN_ONLY"],
    ["Ask the owner to look at it", "HUMAN_ONLY"],
  ])("%s: %s", (title, level) => {
    expect(verdict(title)).toBe(level);
  });

  it.each([
    "Implement the posts endpoint for LinkedIn sharing",
    "Write unit tests for the payment component",
    "Fix the bug in the invoice parser",
    "Build the Discord bot",
    "Refactor the e-mail module",
    "HTTP client demo with call retries",
    "Break into tasks as needed",
  ])("lets work on software about these run: %s", (title) => {
    expect(verdict(title)).toBe("FULL_AUTO");
  });

  it.each([
    ["Spam all users of the forum with the offer", "refused-spam"],
    ["Write fake reviews for the shop", "refused-deception"],
    ["Hack into the admin panel of the competitor", "refused-access"],
  ])("refuses outright: %s", (title, rule) => {
    expect(automationVerdict({ title })).toMatchObject({ level: "REFUSED", rule });
  });

  it.each(["Build the spam filter", "Detect fake accounts", "Prevent unauthorised access to the admin panel"])(
    "does not refuse the defence: %s",
    (title) => {
      expect(verdict(title)).not.toBe("REFUSED");
    },
  );

  it("finds what is refused in the description, the command and the prompt too", () => {
    expect(verdict("Grow", { description: "Then mass-mail everybody." })).toBe("REFUSED");
    expect(verdict("Grow", { params: { prompt: "Buy upvotes for the post" } })).toBe("REFUSED");
    expect(verdict("Release", { commands: [{ text: "npm publish" }] })).toBe("SEMI_AUTO");
  });

  it("counts the stricter of what the plan claims and what the words say", () => {
    expect(record({ title: "Tweet the news", automation: "FULL_AUTO" })).toMatchObject({
      automation: "SEMI_AUTO",
      classifiedBy: "social-posting",
    });
    expect(record({ title: "Lint", command: "npm run lint", automation: "HUMAN_ONLY" }).automation).toBe("HUMAN_ONLY");
  });
});

describe("the kind of a task", () => {
  it("is shell where it carries a command, whatever the words", () => {
    expect(first("- [ ] Deploy it\n  - Run: `./deploy.sh`\n")).toMatchObject({
      kind: "shell",
      params: { command: "./deploy.sh" },
      confidence: 1,
      classifiedBy: "carries-command",
    });
    expect(first("- [ ] Set up\n\n  ```sh\n  mkdir a\n  cd a\n  ```\n").params.command).toBe("set -e\nmkdir a\ncd a");
  });

  it("is not shell where the commands are steps of work in words, or stand next to code to be written", () => {
    const steps =
      "### Task 1: Add a helper\n\n- [ ] **Step 1: Write the failing test**\n- [ ] **Step 2: Run it**\n\nRun: `npm test`\nExpected: FAIL\n";
    const code = "### Task 1: Add a helper\n\n```ts\nexport const one = 1;\n```\n\n```sh\nnpm test\n```\n";
    for (const text of [steps, code]) {
      const task = first(text);
      expect(task).toMatchObject({ kind: "claude", params: {} });
      expect(task.commands).toMatchObject([{ text: "npm test", purpose: "do" }]);
    }
  });

  it("takes a check as a criterion and not as the work", () => {
    const task = first("- [ ] Write the parser\n  - Verify: `npm test`\n  - Expected: all green\n");
    expect(task).toMatchObject({ kind: "claude", verification: [{ test: "auto", command: "npm test", expected: "all green" }] });
    expect(task.params).toEqual({});
  });

  it("is a person's where the plan marks a checkpoint", () => {
    const text =
      '---\nphase: 1\nplan: 1\n---\n<tasks>\n<task type="checkpoint:human-verify" gate="blocking">\n<what-built>A page</what-built>\n<how-to-verify>Open it</how-to-verify>\n</task>\n</tasks>\n';
    expect(parsePlan({ bytes: text, file: "01-01-PLAN.md" }).plan.tasks[0]).toMatchObject({
      kind: "human",
      automation: "HUMAN_ONLY",
      requiresHuman: "Open it",
      role: "checkpoint-verify",
    });
  });

  it("asks for confirmation of a guess that acts outside the workspace", () => {
    expect(needsConfirmation(first("- [ ] Deploy the habitat module\n"))).toBe(true);
    expect(needsConfirmation(first("- [ ] Write the parser\n"))).toBe(false);
  });

  it("estimates the context tier unless one is written", () => {
    expect(record({ title: "x", contextTier: 128 })).toMatchObject({ contextTier: 128, contextTierSource: "written" });
    expect(record({ title: "x", files: Array.from({ length: 12 }, (_, index) => `src/${index}.ts`) })).toMatchObject({
      contextTier: 128,
      contextTierSource: "estimated",
    });
    expect(record({ title: "x" }).contextTier).toBe(32);
  });
});
