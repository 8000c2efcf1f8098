import { describe, expect, it } from "vitest";
import { parsePlan } from "../../plan/parse.ts";
import type { PlanError } from "../../plan/plan-error.ts";
import { assertStartable } from "../../plan/startable.ts";
import { refusal } from "./refusals.ts";

const json = (value: unknown, file = "plan.json") => ({
  bytes: typeof value === "string" ? value : JSON.stringify(value, null, 2),
  file,
});
const warningsOf = (text: string, file = "plan.md") => parsePlan({ bytes: text, file }).report.warnings;

function stopping(text: string, file = "plan.md"): string {
  try {
    assertStartable(parsePlan({ bytes: text, file }));
  } catch (error) {
    return (error as PlanError).message;
  }
  throw new Error("the plan was not refused");
}

describe("circles and unknown names", () => {
  it("shows a circle with its lines and which edges are written", () => {
    const text = "# Tasks: X\n\n## Phase 1: Setup\n\n- [ ] T001 One (depends on T002)\n- [ ] T002 Two (depends on T001)\n";
    const [problem] = refusal(text);
    expect(problem).toMatchObject({ code: "circle", file: "plan.md", line: 5, column: 1 });
    expect(problem?.message).toBe(
      "Circular dependency: T001 → T002 → T001 (lines 5, 6). T001 → T002 is written; T002 → T001 is written. Remove one of them.",
    );
  });

  it("shows a dependency of a task on itself", () => {
    expect(refusal("## Phase 1: A\n- [ ] T001 One (depends on T001)\n- [ ] T002 Two\n")[0]?.message).toBe(
      "Circular dependency: T001 → T001 (line 2). It depends on itself.",
    );
  });

  it("names a phase circle by its phases", () => {
    const text =
      "# Roadmap\n## Phase 1: A\n**Depends on**: Phase 2\n- [ ] 01-01: a\n## Phase 2: B\n**Depends on**: Phase 1\n- [ ] 02-01: b\n";
    expect(refusal({ bytes: text, file: "ROADMAP.md" })[0]?.message).toContain("Phase 1 → Phase 2 → Phase 1 (lines 3, 6)");
  });

  it("asks whether a near id was meant", () => {
    const [problem] = refusal(json({ tasks: [{ id: "12.1" }, { id: "2" }, { id: "12", dependencies: ["21"] }] }));
    expect(problem?.message).toBe("Task 12 (line 10) depends on 21, which is not in this plan. Did you mean 12.1 or 2?");
    expect(problem?.fix).toContain("Write");
  });

  it("takes a task of another phase file or milestone as external", () => {
    const { plan } = parsePlan({
      bytes:
        '---\nphase: 04-x\nplan: 02\ndepends_on: [4-01]\n---\n<tasks>\n<task type="auto">\n<name>Task 1: Do</name>\n</task>\n</tasks>\n',
      file: "04-02-PLAN.md",
    });
    expect(plan.externalRefs).toEqual([{ from: "04-02", ref: "4-01" }]);
    expect(plan.tasks[0]?.dependencies).toMatchObject([{ to: "4-01", kind: "external" }]);
  });
});

describe("repeated ids", () => {
  it("are refused in formats that look items up by id", () => {
    const [problem] = refusal({
      bytes: '{"id":"a","title":"A","status":"open"}\n{"id":"a","title":"B","status":"open"}\n',
      file: "issues.jsonl",
    });
    expect(problem).toMatchObject({ code: "duplicate-id", line: 2 });
    expect(problem?.message).toContain("Id a is used twice (lines 1, 2)");
  });

  it("are refused when a dependency names one of them", () => {
    const text = "## Phase 1: A\n- [ ] T001 One\n- [ ] T001 Again\n- [ ] T002 Two (depends on T001)\n";
    expect(refusal(text)[0]?.message).toContain("Id T001 is used twice (lines 2, 3), and task T002 depends on it.");
  });

  it("are kept with a suffix and a warning otherwise", () => {
    const { plan, report } = parsePlan({ bytes: "- [ ] 8.3 One\n- [ ] 8.3 Two\n- [ ] 8.4 Three\n", file: "tasks.md" });
    expect(plan.tasks.map((task) => task.id)).toEqual(["8.3", "8.3~2", "8.4"]);
    expect(report.warnings.find((warning) => warning.code === "duplicate-id")?.text).toBe("Id 8.3 is used twice (lines 1, 2).");
  });

  it("are qualified by the group where numbering restarts", () => {
    const text = "# Plan\n## Implementation\n### Phase 2A: X\n1. One\n2. Two\n### Phase 2B: Y\n1. Three\n2. Four\n";
    const { plan } = parsePlan({ bytes: text, file: "plan.md" });
    expect(plan.tasks.map((task) => task.id)).toEqual(["2A/1", "2A/2", "2B/1", "2B/2"]);
  });
});

describe("nothing to run", () => {
  it("says what was read instead of tasks", () => {
    expect(stopping("# Notes\n\n```\n- [ ] one\n- [ ] two\n```\n")).toMatch(
      /^No tasks found\. Read as checklist: 0 phases, 0 tasks, 0 criteria, 2 boxes in code fences or placeholders \(lines 4, 5\)\./,
    );
  });

  it("offers to make tasks where there are only criteria", () => {
    expect(stopping("# X\n## Criteria\n- [ ] ISC-1: It holds\n- [ ] ISC-2: It too\n")).toContain(
      "This file states 2 criteria and no tasks.",
    );
  });

  it("refuses an empty file and one of white space", () => {
    expect(refusal("")[0]?.message).toContain("plan.md is empty");
    expect(refusal(" \n\t\n")[0]?.code).toBe("no-tasks");
  });

  it("does not start what is all done", () => {
    expect(stopping("- [x] one\n- [x] two\n")).toBe("All 2 tasks are marked done.");
  });
});

describe("what is no plan", () => {
  const cases: [what: string, file: string, value: unknown, message: string][] = [
    [
      "VS Code tasks",
      "tasks.json",
      { version: "2.0.0", tasks: [{ label: "build", type: "shell", command: "make" }] },
      "This is a VS Code tasks file (version 2.0.0, tasks[].command), not a plan.",
    ],
    ["OpenAPI", "api.json", { openapi: "3.1.0", info: {}, paths: {} }, "This is an OpenAPI description (3.1.0), not a plan."],
    [
      "translations",
      "en.json",
      { menu: { open: "Open", close: "Close" }, title2: { a: "A" } },
      "This is a translation file (nested keys with texts), not a plan.",
    ],
    [
      "turbo",
      "turbo.json",
      { $schema: "x", tasks: { build: { dependsOn: ["^build"], outputs: [] } } },
      "This is a turbo configuration (dependsOn between build targets), not a plan.",
    ],
    [
      "nx",
      "nx.json",
      { targetDefaults: { build: { dependsOn: ["^build"], cache: true } } },
      "This is a nx configuration (dependsOn between build targets), not a plan.",
    ],
    [
      "Ansible",
      "site.yml",
      "- name: Web\n  hosts: all\n  tasks:\n    - name: x\n      apt: {}\n",
      "This is an Ansible playbook or task file (name and a module), not a plan.",
    ],
    [
      "Tekton",
      "task.yaml",
      "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: x}\n",
      "This is a Tekton Task (apiVersion tekton.dev/v1), not a plan.",
    ],
    [
      "CrewAI",
      "tasks.yaml",
      "research:\n  description: find\n  expected_output: list\n  agent: a\n",
      "This is a CrewAI tasks file (agent, expected_output), not a plan.",
    ],
  ];
  it.each(cases)("names %s", (_what, file, value, message) => {
    expect(refusal(json(value, file))[0]?.message).toBe(message);
  });

  it.each([
    ["a PNG image", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a]],
    ["a ZIP archive", [0x50, 0x4b, 0x03, 0x04, 0]],
    ["a PDF document", [0x25, 0x50, 0x44, 0x46, 0x2d]],
  ])("names %s by its signature", (kind, bytes) => {
    expect(refusal({ bytes: Uint8Array.from(bytes), file: "x.md" })[0]?.message).toContain(`x.md is ${kind}`);
  });

  it("refuses a NUL byte, and UTF-16 without a mark", () => {
    expect(refusal({ bytes: Buffer.from("- [ ] a\0b"), file: "x.md" })[0]?.message).toContain("NUL byte at offset 7");
    expect(refusal({ bytes: Buffer.from("- [ ] hello", "utf16le"), file: "x.md" })[0]?.message).toContain(
      "UTF-16 without a byte order mark",
    );
  });
});

describe("damaged data", () => {
  it.each([
    ["a trailing comma", '{\n  "tasks": [\n    {"id": 1},\n  ]\n}', 4, 3, "a trailing comma"],
    ["a comment", '{\n  // no\n  "tasks": []\n}', 2, 3, "a comment"],
    ["single quotes", "{\n  'tasks': []\n}", 2, 3, "a text in single quotes"],
    ["an early end", '{"tasks": [', 1, 12, "the text ends too early"],
    ["a bare key", "{\n tasks: []\n}", 2, 2, "a key without quotes"],
  ])("tells %s in JSON with line and column", (_what, text, line, column, reason) => {
    expect(refusal(json(text))[0]).toMatchObject({ code: "json", line, column });
    expect(refusal(json(text))[0]?.message).toContain(`${reason} at line ${line}, column ${column}`);
  });

  it("names the damaged lines of JSONL, and skips them when asked to", () => {
    const bytes = '{"id":"a","title":"A"}\n{"id":"b"\n{"id":"c","title":"C"}\n';
    expect(refusal({ bytes, file: "issues.jsonl" })).toMatchObject([{ code: "jsonl", line: 2 }]);
    const { plan, report } = parsePlan({ bytes, file: "issues.jsonl", lenient: true });
    expect(plan.tasks.map((task) => task.id)).toEqual(["a", "c"]);
    expect(report.warnings[0]?.text).toBe("1 damaged lines were skipped (lines 2).");
  });

  it("refuses merge conflict markers with their lines", () => {
    const text = "- [ ] a\n<<<<<<< HEAD\n- [ ] b\n=======\n- [ ] c\n>>>>>>> x\n";
    expect(refusal(text)[0]).toMatchObject({ code: "conflict-markers", line: 2, column: 1 });
    expect(refusal(text)[0]?.message).toContain("lines 2, 4, 6");
  });

  it("tells the line of a YAML error", () => {
    expect(refusal({ bytes: "tasks:\n  - id: a\n title: [\n", file: "plan.yaml" })[0]).toMatchObject({ code: "yaml", line: 3 });
  });

  it("refuses broken front matter where the format needs it, and reads the body where not", () => {
    const front = "---\nid: [\ntitle: x\nstatus: To Do\nassignee: []\n---\n\n## Description\n";
    expect(refusal({ bytes: front, file: "task-1.md" })[0]?.code).toBe("yaml");
    const { plan, report } = parsePlan({ bytes: "---\ntitle: [\n---\n\n- [ ] one\n- [ ] two\n", file: "todo.md" });
    expect(plan.tasks).toHaveLength(2);
    expect(report.warnings.find((warning) => warning.code === "front-matter")?.line).toBe(2);
  });
});

describe("limits", () => {
  it("refuses a file over the size limit before reading it", () => {
    const [problem] = refusal({ bytes: "- [ ] a\n".repeat(20), file: "big.md", limits: { maxBytes: 100 } });
    expect(problem?.message).toBe("big.md has 160 bytes; the limit is 100 (limits.maxBytes).");
    expect(problem?.fix).toContain("Split the plan by phase");
  });

  it("refuses more tasks than the limit", () => {
    expect(refusal({ bytes: "- [ ] a\n".repeat(20), limits: { maxTasks: 10 } })[0]?.message).toContain(
      "has 20 tasks; the limit is 10",
    );
  });

  it("refuses endless nesting, very long lines and YAML that multiplies itself", () => {
    expect(refusal(`${">".repeat(100)} x\n`)[0]).toMatchObject({ code: "too-deep", line: 1 });
    expect(refusal(json("[".repeat(100) + "]".repeat(100)))[0]?.code).toBe("too-deep");
    expect(refusal(`- [ ] ${"x".repeat(200_000)}`)[0]).toMatchObject({ code: "long-line", line: 1 });
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x,x]",
      ..."bcdefgh".split("").map((key, index) => `${key}: &${key} [${Array(10).fill(`*${"abcdefgh"[index]}`).join(",")}]`),
    ].join("\n");
    expect(refusal({ bytes: bomb, file: "plan.yaml" })[0]?.code).toBe("yaml");
  });
});

describe("what is ambiguous is said", () => {
  it("tells that a finished phase covers its open plans, and runs them when told to trust the tasks", () => {
    const text =
      "# Roadmap\n- [x] **Phase 1: A**\n- [ ] **Phase 2: B**\n## Phase 1: A\n- [ ] 01-01: a\n## Phase 2: B\n- [ ] 02-01: b\n";
    const parsed = parsePlan({ bytes: text, file: "ROADMAP.md" });
    expect(parsed.report.warnings.find((warning) => warning.code === "phase-covers-tasks")?.text).toBe(
      "Phase 1 is marked complete (line 2) but 1 of its plans are not ticked (lines 5). They will not run. Say `--trust tasks` to run them.",
    );
    expect(parsed.plan.tasks[0]?.coveredBy).toBe("phase-1");
    expect(parsePlan({ bytes: text, file: "ROADMAP.md", trust: "tasks" }).plan.tasks[0]?.coveredBy).toBeUndefined();
  });

  it("makes one task of a phase without plans", () => {
    const parsed = parsePlan({
      bytes: "# Roadmap\n## Phase 1: A\n**Goal**: g\n- [ ] 01-01: a\n## Phase 2: B\n**Goal**: do b\n",
      file: "ROADMAP.md",
    });
    expect(parsed.plan.tasks[1]).toMatchObject({ id: "2", placeholder: true, description: "do b" });
    expect(parsed.report.warnings.map((warning) => warning.text)).toContain("Phase 2 lists no plans; it will be one task.");
  });

  it("counts the boxes in fences and comments that it left out", () => {
    const { report } = parsePlan({
      bytes: "- [ ] real\n\n````md\n```\n- [ ] example\n```\n````\n\n<!--\n- [ ] off\n-->\n",
      file: "a.md",
    });
    expect(report.counts).toMatchObject({ tasks: 1, not_tasks: 2 });
    expect(report.ignored.map((entry) => entry.why)).toEqual([
      "1 checkbox inside code fences was ignored (line 5).",
      "1 checkbox inside HTML comments was ignored (line 10).",
    ]);
  });

  it("reads on after a fence that is never closed", () => {
    const { plan, report } = parsePlan({ bytes: "- [ ] a\n\n```sh\nrun\n\n- [ ] b\n", file: "a.md" });
    expect(plan.tasks.map((task) => task.title)).toEqual(["a", "b"]);
    expect(report.warnings.find((warning) => warning.code === "open-fence")?.line).toBe(3);
  });

  it("is not confused by an indented block that shows a fence", () => {
    expect(parsePlan({ bytes: "- [ ] a\n\n#\n\n\t### Task 1: ````\n", file: "a.md" }).plan.tasks).toHaveLength(1);
    expect(parsePlan({ bytes: "- [ ] a\n\n#\n\n\t````\n", file: "a.md" }).plan.tasks).toHaveLength(1);
  });

  it("keeps an unknown status word and counts it as pending", () => {
    const { plan, report } = parsePlan(json({ tasks: [{ id: "a", status: "frobnicating" }] }));
    expect(plan.tasks[0]).toMatchObject({ status: "pending", statusRaw: "frobnicating" });
    expect(report.warnings[0]?.code).toBe("unknown-status");
  });

  it("holds what depends on cancelled or deferred work", () => {
    const { report } = parsePlan(
      json({
        tasks: [
          { id: "a", status: "deferred" },
          { id: "b", dependencies: ["a"] },
        ],
      }),
    );
    expect(report.warnings.map((warning) => warning.text)).toContain(
      "b depends on a, which is deferred; it is held until you decide.",
    );
  });

  it("lists the plans of a file that holds several", () => {
    const tag = (count: number) => ({
      tasks: Array.from({ length: count }, (_, index) => ({
        id: index + 1,
        title: "t",
        dependencies: [],
        subtasks: [],
        testStrategy: "x",
      })),
    });
    const { plan, report } = parsePlan(json({ master: tag(2), feature: tag(3) }, "tasks.json"));
    expect(plan.tasks).toHaveLength(2);
    expect(report.warnings[0]?.text).toContain("master (2), feature (3)");
  });

  it("warns of characters that were saved in the wrong encoding, and of a declared wave that the graph contradicts", () => {
    expect(warningsOf("- [ ] caf\u00c3\u00a9\n")[0]).toMatchObject({ code: "mojibake", line: 1 });
  });
});
