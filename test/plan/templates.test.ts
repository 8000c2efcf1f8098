import { describe, expect, it } from "vitest";
import { withApprovalPoints } from "../../plan/approval-points.ts";
import { compileGraph } from "../../plan/graph.ts";
import { parsePlan, parsePlans } from "../../plan/parse.ts";
import { PlanError } from "../../plan/plan-error.ts";
import { intentStepOf, intentSteps } from "../../plan/templates/intent-build.ts";

const service = {
  template: "service",
  parameters: { service: { description: "which one" }, port: { default: "8080" } },
  title: "Build {{service}}",
  tasks: [
    { id: "test", command: "make test SERVICE={{service}} PORT={{port}}" },
    { id: "note", title: "Describe {{service}}", dependencies: ["test"], verify: ["grep {{service}} README.md"] },
  ],
};
const input = (value: object, more = {}) => ({ bytes: JSON.stringify(value), file: "service.json", ...more });
const message = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError);
    return (error as PlanError).message;
  }
  throw new Error("nothing was refused");
};

describe("a template", () => {
  it("makes one plan of its parameters", () => {
    const { plan } = parsePlan(input(service, { parameters: { service: "auth" } }));
    expect(plan.title).toBe("Build auth");
    expect(plan.tasks.map((task) => [task.title, task.params.command])).toEqual([
      ["make test SERVICE=auth PORT=8080", "make test SERVICE=auth PORT=8080"],
      ["Describe auth", undefined],
    ]);
  });

  it("makes 67 plans of 67 entries, each with an id of its own", () => {
    const forEach = Array.from({ length: 67 }, (_, index) => ({ service: `svc-${index}` }));
    const plans = parsePlans(input({ ...service, forEach }));
    expect(plans).toHaveLength(67);
    expect(new Set(plans.map(({ parsed }) => parsed.plan.id)).size).toBe(67);
    expect(plans[66]?.parsed.plan.title).toBe("Build svc-66");
    expect(plans[66]?.values).toEqual({ service: "svc-66", port: "8080" });
    expect(message(() => parsePlan(input({ ...service, forEach })))).toContain("stands for 67 plans");
  });

  it("quotes values for the shell, and only there", () => {
    const { plan } = parsePlan(input(service, { parameters: { service: "a'; rm -rf / #" } }));
    expect(plan.tasks[0]?.params.command).toBe("make test SERVICE='a'\\''; rm -rf / #' PORT=8080");
    expect(plan.tasks[1]?.verification[0]?.command).toBe("grep 'a'\\''; rm -rf / #' README.md");
    expect(plan.title).toBe("Build a'; rm -rf / #");
  });

  it("tells what is missing, what is misspelt and what is not declared", () => {
    expect(message(() => parsePlan(input(service)))).toBe("Template service needs the parameter service: which one.");
    expect(message(() => parsePlan(input(service, { parameters: { service: "a", prot: "1" } })))).toContain(
      "has no parameter prot. Did you mean port?",
    );
    expect(message(() => parsePlan(input({ ...service, title: "{{other}}" }, { parameters: { service: "a" } })))).toContain(
      "{{other}} is no parameter",
    );
  });

  it("reads any other file as a list of one plan", () => {
    expect(parsePlans({ bytes: "- [ ] a\n", file: "todo.md" })).toHaveLength(1);
  });
});

describe("an intent", () => {
  it("becomes eight steps in a row", () => {
    const { plan } = parsePlan({ bytes: "A link shortener with an API\n", format: "intent" });
    expect(plan.source).toBe("INTENT");
    const steps = compileGraph(plan)
      .waves.flat()
      .map((id) => intentStepOf(id));
    expect([...new Set(steps)]).toEqual(intentSteps);
    expect(plan.tasks.find((task) => task.id === "build")).toMatchObject({
      params: { fixIterations: 10 },
      verification: [{ command: "npm test" }, { criterion: expect.stringContaining("answers") }],
      contextTier: 200,
    });
  });

  it("leaves out what nothing was given for, and asks for what a deployment needs", () => {
    const statusOf = (parameters: Record<string, string>) =>
      Object.fromEntries(
        parsePlan({ bytes: "A link shortener\n", format: "intent", parameters }).plan.tasks.map(({ id, status }) => [id, status]),
      );
    expect(statusOf({})).toMatchObject({ "build-push": "skipped", deploy: "skipped", register: "skipped", report: "pending" });
    const deploy = { host: "app.example", folder: "/srv/app", health: "https://app.example/health" };
    expect(statusOf(deploy)).toMatchObject({ deploy: "pending", register: "skipped" });
    expect(() => statusOf({ host: "app.example", folder: "/srv/app" })).toThrow("needs the parameter health");
    expect(() => statusOf({ iterations: "11" })).toThrow("iterations: '11'");
  });

  it("is approved after its specification and before its deployment", () => {
    const deploy = { host: "app.example", folder: "/srv/app", health: "https://app.example/health" };
    const { plan } = parsePlan({ bytes: "A link shortener\n", format: "intent", parameters: deploy });
    const added = (mode: "checkpoints" | "final") =>
      withApprovalPoints(plan, mode)
        .tasks.map(({ id }) => id)
        .filter((id) => id.startsWith("approve-"));
    expect(added("checkpoints")).toEqual(["approve-before-package-repository", "approve-deployment"]);
    expect(added("final")).toEqual(["approve-deployment"]);
  });

  it("is not guessed from a sentence alone", () => {
    expect(parsePlan({ bytes: "A link shortener with an API" }).report.warnings.map((warning) => warning.code)).toContain(
      "no-tasks",
    );
  });
});
