/** Lists that tools keep and of which the corpus has no file: every one in the form that FORMATS.md §4 and §f describe. */
import { describe, expect, it } from "vitest";
import { compileGraph } from "../../plan/graph.ts";
import { parsePlan } from "../../plan/parse.ts";

const read = (file: string, bytes: string | object) => {
  const { plan, report } = parsePlan({ file, bytes: typeof bytes === "string" ? bytes : JSON.stringify(bytes, null, 2) });
  return {
    format: [report.format.name, report.format.variant].filter(Boolean).join("/"),
    tasks: plan.tasks.map(({ id, title, status }) => `${id} ${title} ${status}`),
    edges: compileGraph(plan).edges.map(({ from, to, kind }) => `${from}>${to} ${kind}`),
    plan,
    report,
  };
};

describe("todo lists of coding tools", () => {
  it("TodoWrite: the order of the list is only a preference", () => {
    const found = read("todos.json", {
      todos: [
        { content: "Read the code", status: "completed", activeForm: "Reading the code" },
        { content: "Fix it", status: "in_progress", activeForm: "Fixing it" },
        { content: "Test it", status: "pending", activeForm: "Testing it" },
      ],
    });
    expect(found.format).toMatch(/^todo-list/);
    expect(found.tasks).toEqual(["task-001 Read the code done", "task-002 Fix it in_progress", "task-003 Test it pending"]);
    expect(found.edges).toEqual([]);
    expect(found.plan.tasks[2]?.dependencies).toMatchObject([{ to: "task-002", kind: "implied", active: false }]);
    expect(found.report.counts).toMatchObject({ tasks: 3, done: 1 });
  });

  it("OpenHands: todo, in_progress, done, with notes", () => {
    const found = read("plan.json", {
      command: "plan",
      task_list: [
        { title: "Reproduce", notes: "see the log", status: "done" },
        { title: "Repair", notes: "", status: "todo" },
      ],
    });
    expect(found.tasks).toEqual(["task-001 Reproduce done", "task-002 Repair pending"]);
    expect(JSON.stringify(found.plan.tasks[0])).toContain("see the log");
  });

  it("Claude Code tasks: blocks and blockedBy are one edge each", () => {
    const found = read("tasks.json", [
      { id: "1", subject: "Design", description: "Draw it", status: "completed", blocks: ["2"], blockedBy: [] },
      { id: "2", subject: "Build", description: "Make it", status: "pending", blocks: ["3"], blockedBy: ["1"] },
      { id: "3", subject: "Ship", description: "Send it", status: "pending", blocks: [], blockedBy: ["2"] },
    ]);
    expect(found.tasks).toEqual(["1 Design done", "2 Build pending", "3 Ship pending"]);
    expect(found.edges).toEqual(["2>1 explicit", "3>2 explicit"]);
  });

  it("Cursor: todos in the front matter, cancelled ones do not run", () => {
    const found = read(
      "cache.plan.md",
      "---\nname: Cache\ntodos:\n  - id: keys\n    content: Choose the keys\n    status: completed\n  - id: store\n    content: Write the store\n    status: pending\n  - id: ui\n    content: A page\n    status: cancelled\n---\n\n# Cache\n\n- [ ] not a task of this list\n",
    );
    expect(found.format).toBe("todo-list/cursor");
    expect(found.tasks).toEqual(["keys Choose the keys done", "store Write the store pending", "ui A page cancelled"]);
  });

  it("Huckleberry: completed counts, also where the status says otherwise", () => {
    const found = read("tasks.json", {
      tasks: [
        { id: "TASK-001", description: "First", status: "completed", completed: true, priority: "high" },
        { id: "TASK-002", description: "Second", status: "todo", completed: false, priority: "low" },
      ],
    });
    expect(found.tasks.map((task) => task.split(" ").at(-1))).toEqual(["done", "pending"]);
    expect(found.plan.tasks.map(({ priority }) => priority)).toEqual(["high", "low"]);
  });
});

describe("PlanExe's Gantt export", () => {
  const gantt = [
    '"project_key","project_name","project_description","project_start_date","project_end_date","project_parent"',
    '"a1","Survey the site","Walk over it,\nline by line","3/1/2026","3/4/2026",""',
    '"b2","Order panels","","3/5/2026","3/9/2026","a1"',
    '"c3","Mount panels","With ""care""","3/10/2026","3/20/2026","b2"',
  ].join("\r\n");

  it("has one predecessor for each task, and cells over several lines", () => {
    const found = read("gantt.csv", gantt);
    expect(found.format).toBe("planexe-csv/gantt");
    expect(found.tasks).toEqual(["a1 Survey the site pending", "b2 Order panels pending", "c3 Mount panels pending"]);
    expect(found.edges).toEqual(["b2>a1 explicit", "c3>b2 explicit"]);
    expect(found.plan.tasks[0]).toMatchObject({ description: "Walk over it,\nline by line", extra: { start: "3/1/2026" } });
    expect(found.plan.tasks[2]?.description).toBe('With "care"');
  });

  it("is refused with the remedy when a quote is never closed", () => {
    expect(() => read("gantt.csv", `${gantt}\r\n"d4","open`)).toThrow(/This is not a readable table/);
  });
});

describe("a Task Master file with several lists", () => {
  const list = (title: string) => ({ tasks: [{ id: 1, title, testStrategy: "Look", dependencies: [], subtasks: [] }] });
  const bytes = JSON.stringify({ master: list("Main"), feature: list("Branch") });

  it("gives the list that is asked for, else master with a note, and names them when there is none such", () => {
    expect(parsePlan({ file: "tasks.json", bytes, parameters: { tag: "feature" } }).plan.tasks[0]?.title).toBe("Branch");
    const usual = parsePlan({ file: "tasks.json", bytes });
    expect(usual.plan.tasks[0]?.title).toBe("Main");
    expect(usual.report.warnings).toContainEqual(
      expect.objectContaining({ code: "several-plans", fix: expect.stringContaining("--set tag=") }),
    );
    expect(() => parsePlan({ file: "tasks.json", bytes, parameters: { tag: "none" } })).toThrow('no task list "none"');
  });
});
