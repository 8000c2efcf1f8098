import { describe, expect, it } from "vitest";
import { type FrameOptions, frameOf } from "../../cli/live-frame.ts";
import { createProgress } from "../../cli/progress.ts";
import { cells } from "../../cli/text-width.ts";
import { eventOf, executionOf, startMs, taskOf } from "./snapshot.ts";

const options: FrameOptions = {
  nowMs: startMs + 20_000,
  width: 100,
  height: 16,
  tick: 0,
  awaySinceMs: undefined,
  paint: (_style, text) => text,
};

describe("the frame", () => {
  it("has a line per running task with elapsed time and last output, and the bar with pace and failures", () => {
    const progress = createProgress(executionOf(["a", "b", "c", "d"].map((id) => taskOf(id))));
    progress.take(eventOf("task.started", "a", 0));
    progress.take(eventOf("task.started", "b", 0));
    progress.take(eventOf("task.started", "c", 5));
    progress.take(eventOf("task.output", "c", 6, { text: "first\nsecond\n" }));
    progress.take(eventOf("task.completed", "a", 10));
    progress.take(eventOf("task.failed", "b", 10));
    expect(frameOf(progress, options)).toEqual([
      "  ⠋ c  Task c  15s  second",
      `  ${"█".repeat(7)}${"░".repeat(21)}  1/4  25 %  20s  about 40s left  1 failed`,
    ]);
    progress.take(eventOf("task.verifying", "c", 20));
    expect(frameOf(progress, options)[0]).toBe("  ◉ c  Task c  15s  verifying");
  });

  it("never gets wider than the terminal, whatever tasks are called and print", () => {
    const tasks = ["日本語のタスク", "b".repeat(190), "c"].map((id) => taskOf(id, { title: "タ".repeat(90) }));
    const progress = createProgress(executionOf(tasks));
    for (const task of tasks) {
      progress.take(eventOf("task.started", task.id, 0));
      progress.take(eventOf("task.output", task.id, 1, { text: `${"é".repeat(500)}\x1b[2J` }));
    }
    for (const width of [20, 33, 80, 200]) {
      for (const line of frameOf(progress, { ...options, width, awaySinceMs: startMs }))
        expect(cells(line)).toBeLessThanOrEqual(width);
    }
  });

  describe("of a plan with phases", () => {
    const tasks = ["a", "b", "c", "d"].map((id, index) => taskOf(id, { phase: ["p1", "p2", "p2", "p3"][index] ?? null }));
    const phases = [
      { id: "p1", title: "Set up", total: 1, done: 0 },
      { id: "p2", title: "Build", total: 2, done: 0 },
      { id: "p3", title: "Ship", total: 1, done: 0 },
    ];
    const begun = () => {
      const progress = createProgress(executionOf(tasks, { phases }));
      progress.take(eventOf("task.started", "a", 0));
      progress.take(eventOf("task.completed", "a", 5));
      progress.take(eventOf("task.started", "b", 5));
      return progress;
    };

    it("is a tree: what runs hangs under its phase", () => {
      expect(frameOf(begun(), options).slice(0, -1)).toEqual([
        "  ✔ Set up  1/1",
        "  ▶ Build  0/2",
        "    ⠋ b  Task b  15s",
        "  · Ship  0/1",
      ]);
    });

    it("counts a task that runs again as not done", () => {
      const progress = begun();
      progress.take(eventOf("task.started", "a", 6));
      expect(frameOf(progress, options)[0]).toBe("  ▶ Set up  0/1");
      progress.take(eventOf("task.completed", "a", 7));
      expect(frameOf(progress, options)[0]).toBe("  ✔ Set up  1/1");
    });

    it("folds what is over and what is to come where there is little room, and shows only what runs where there is less", () => {
      const many = Array.from({ length: 6 }, (_, index) => ({ id: `q${index}`, title: `Later ${index}`, total: 1, done: 0 }));
      const progress = createProgress(executionOf(tasks, { phases: [...phases, ...many] }));
      progress.take(eventOf("task.started", "a", 0));
      expect(frameOf(progress, { ...options, height: 6 }).slice(0, -1)).toEqual([
        "  ▶ Set up  0/1",
        "    ⠋ a  Task a  20s",
        "  · 8 phases to come",
      ]);
      expect(frameOf(progress, { ...options, height: 4 }).slice(0, -1)).toEqual(["  ⠋ a  Task a  20s"]);
    });
  });

  it("shows as many tasks as there is room for and counts the rest", () => {
    const tasks = Array.from({ length: 30 }, (_, index) => taskOf(`t${index}`));
    const progress = createProgress(executionOf(tasks));
    for (const task of tasks) progress.take(eventOf("task.started", task.id, 0));
    const lines = frameOf(progress, { ...options, height: 10 });
    expect(lines.length).toBeLessThan(10);
    expect(lines.at(-2)).toBe("    … and 23 more");
  });

  it("says who is waited for, that it is paused, and that the orchestrator is away", () => {
    const progress = createProgress(executionOf([taskOf("a", { status: "awaiting_human" })], { status: "paused" }));
    const lines = frameOf(progress, { ...options, awaySinceMs: startMs + 15_000 });
    expect(lines[0]).toMatch(/1 waiting for you: .* inbox$/);
    expect(lines[1]).toContain("paused");
    expect(lines[2]).toMatch(/has not answered for 5\.0s; its tasks go on\. Start it: .* up$/);
  });
});

describe("progress", () => {
  it("goes on from a snapshot and counts nothing twice", () => {
    const tasks = [
      taskOf("a", { status: "completed" }),
      taskOf("b", { status: "in_progress", startedAt: new Date(startMs).toISOString() }),
      taskOf("c"),
    ];
    const known = eventOf("task.completed", "a", 1);
    const progress = createProgress(executionOf(tasks, { lastSeq: known.seq }));
    progress.take(known);
    expect(progress).toMatchObject({ done: 1, total: 3, running: [{ id: "b" }] });
    progress.take(eventOf("task.completed", "b", 2));
    progress.take(eventOf("task.skipped", "c", 2, { cause: "user" }));
    expect(progress).toMatchObject({ done: 3, running: [] });
  });

  it("does not count what was skipped for a failure, and forgets the failure when it is retried", () => {
    const progress = createProgress(executionOf([taskOf("a"), taskOf("b")]));
    progress.take(eventOf("task.started", "a", 0));
    progress.take(eventOf("task.failed", "a", 1));
    progress.take(eventOf("task.skipped", "b", 1, { cause: "dependency" }));
    expect(progress).toMatchObject({ done: 0, failed: 1 });
    progress.take(eventOf("execution.retried", null, 2, { tasks: ["a", "b"] }));
    expect(progress).toMatchObject({ done: 0, failed: 0 });
  });
});
