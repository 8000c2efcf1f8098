import { describe, expect, it } from "vitest";
import { taskAfter } from "../../dashboard/live/apply-event.ts";
import { layoutGraph, nodeHeight, nodeWidth } from "../../dashboard/live/graph-layout.ts";
import { LogLines } from "../../dashboard/live/log-lines.ts";
import { planEdges } from "../../dashboard/live/plan-edges.ts";
import { scheduleOf, topological } from "../../dashboard/live/schedule.ts";
import { foldKey, treeRows } from "../../dashboard/live/task-rows.ts";
import type { Event, ExecutionDetail, PreviewResponse, TaskDetail } from "../../orchestrator/api/contract.ts";

const startMs = Date.parse("2026-11-21T10:00:00Z");
const iso = (seconds: number) => new Date(startMs + seconds * 1000).toISOString();
const task = (id: string, more: Partial<TaskDetail> = {}): TaskDetail => ({
  id,
  displayId: id,
  title: `Task ${id}`,
  status: "pending",
  kind: "shell",
  phase: null,
  parent: null,
  dependencies: [],
  attempt: 0,
  startedAt: null,
  finishedAt: null,
  durationSeconds: null,
  message: null,
  summary: null,
  exitCode: null,
  failureClass: null,
  evidence: [],
  costUsd: null,
  tokens: null,
  sessionId: null,
  logFile: null,
  isolation: null,
  sourceLine: null,
  ...more,
});
const done = (id: string, from: number, to: number, dependencies: string[] = []) =>
  task(id, { status: "completed", startedAt: iso(from), finishedAt: iso(to), durationSeconds: to - from, dependencies });
const event = (seq: number, type: Event["type"], more: Partial<Event> = {}): Event => ({
  executionId: "e",
  seq,
  type,
  taskId: "a",
  attempt: 1,
  at: iso(seq),
  data: {},
  ...more,
});

describe("an event", () => {
  it("moves its task on, and the same one again changes nothing more", () => {
    const started = taskAfter(task("a"), event(1, "task.started"));
    expect(started).toMatchObject({ status: "in_progress", startedAt: iso(1), attempt: 1, finishedAt: null });
    const failed = taskAfter(started, event(5, "task.failed", { data: { message: "exited with code 3", durationMs: 3900 } }));
    expect(failed).toMatchObject({ status: "failed", finishedAt: iso(5), durationSeconds: 3.9, message: "exited with code 3" });
    expect(taskAfter(failed, event(5, "task.failed", { data: { message: "exited with code 3", durationMs: 3900 } }))).toEqual(
      failed,
    );
    const again = taskAfter(failed, event(7, "task.started", { attempt: 2 }));
    expect(again).toMatchObject({ status: "in_progress", attempt: 2, message: null, durationSeconds: null });
    expect(taskAfter(again, event(8, "task.output", { data: { text: "x" } }))).toBe(again);
  });
});

describe("the timeline", () => {
  it("finds the chain that decided the end, by time and not by length", () => {
    const { critical, spans } = scheduleOf(
      [done("a", 0, 1), done("b", 1, 2, ["a"]), done("c", 0, 9), done("d", 9, 10, ["b", "c"])],
      startMs,
    );
    expect([...critical].sort()).toEqual(["c", "d"]);
    expect(spans.map(({ id }) => id)).toEqual(["a", "c", "b", "d"]);
  });

  it("forecasts what has not begun from what such tasks took, after all it waits for", () => {
    const nowMs = startMs + 20_000;
    const running = task("b", { status: "in_progress", startedAt: iso(10), dependencies: ["a"] });
    const { spans, critical, endMs } = scheduleOf([done("a", 0, 10), running, task("c", { dependencies: ["b"] })], nowMs);
    expect(spans.find(({ id }) => id === "b")).toMatchObject({ endMs: nowMs, forecast: false });
    expect(spans.find(({ id }) => id === "c")).toMatchObject({ startMs: nowMs, endMs: nowMs + 10_000, forecast: true });
    expect([...critical]).toEqual(["c", "b", "a"]);
    expect(endMs).toBe(nowMs + 10_000);
  });

  it("leaves out what was skipped without a start, and survives a cycle", () => {
    const skipped = task("s", { status: "skipped", finishedAt: iso(3) });
    expect(scheduleOf([skipped, done("a", 0, 1)], startMs).spans.map(({ id }) => id)).toEqual(["a"]);
    expect(topological([task("x", { dependencies: ["y"] }), task("y", { dependencies: ["x"] })])).toHaveLength(2);
  });
});

describe("the graph", () => {
  const layered = Array.from({ length: 600 }, (_, index) => ({
    id: `n${index}`,
    dependencies: index < 200 ? [] : [`n${index - 200}`, `n${index - 199}`],
  }));

  it.each([
    ["small, by dagre", layered.slice(0, 240)],
    ["large, in columns", layered],
  ])("puts every task right of what it waits for, and none on another: %s", async (_size, nodes) => {
    const { places, width, height } = await layoutGraph(nodes);
    expect(places.size).toBe(nodes.length);
    const taken = new Set<string>();
    for (const { id, dependencies } of nodes) {
      const place = places.get(id);
      if (place === undefined) throw new Error(`${id} has no place`);
      for (const before of dependencies) {
        expect((places.get(before)?.x ?? Number.POSITIVE_INFINITY) + nodeWidth).toBeLessThanOrEqual(place.x);
      }
      expect(place.x + nodeWidth).toBeLessThanOrEqual(width + 0.5);
      expect(place.y + nodeHeight).toBeLessThanOrEqual(height + 0.5);
      taken.add(`${Math.round(place.x)} ${Math.round(place.y)}`);
    }
    expect(taken.size).toBe(nodes.length);
  });
});

describe("the edges of a plan", () => {
  const planTask = (id: string, more: object = {}) => ({ id, dependencies: [], ...more });
  const to = (id: string, more: object = {}) => ({ to: id, kind: "explicit", rule: "", active: true, ...more });
  const planOf = (tasks: object[], phases: object[] = []) => ({ tasks, phases }) as unknown as PreviewResponse["plan"];

  it("lead from the last ones of a group to the first ones of the group that waits for it", () => {
    const plan = planOf(
      [
        planTask("a1", { phase: "A" }),
        planTask("a2", { phase: "A", dependencies: [to("a1")] }),
        planTask("b1", { phase: "B" }),
        planTask("b2", { phase: "B", dependencies: [to("b1")] }),
      ],
      [
        { id: "A", dependencies: [] },
        { id: "B", dependencies: [to("A")] },
      ],
    );
    expect(Object.fromEntries(planEdges(plan))).toEqual({ a1: [], a2: ["a1"], b1: ["a2"], b2: ["b1"] });
  });

  it("leave out what is only a preference or outside the plan, and mean the parts of a task", () => {
    const plan = planOf([
      planTask("whole"),
      planTask("part", { parent: "whole" }),
      planTask("after", { dependencies: [to("whole"), to("x", { kind: "external" }), to("loose", { active: false })] }),
      planTask("loose"),
    ]);
    expect(Object.fromEntries(planEdges(plan))).toEqual({ part: [], after: ["part"], loose: [] });
  });
});

describe("the tree of tasks", () => {
  const phases = [{ id: "p", title: "Phase", total: 2, done: 0 }] satisfies ExecutionDetail["phases"];
  const tasks = [task("a", { phase: "p" }), task("b", { phase: "p" }), task("b1", { parent: "b", phase: "p" }), task("free")];
  const shown = (collapsed: string[], fits?: (one: TaskDetail) => boolean) =>
    treeRows({ phases, tasks, collapsed: new Set(collapsed), fits }).map(({ kind, id, level }) => `${kind} ${id} ${level}`);

  it("has phases, tasks and parts, and folds", () => {
    expect(shown([])).toEqual(["phase p 1", "task a 2", "task b 2", "task b1 3", "task free 1"]);
    expect(shown([foldKey({ kind: "phase", id: "p", title: "", tasks: [], level: 1 })])).toEqual(["phase p 1", "task free 1"]);
  });

  it("keeps what a task that fits stands under", () => {
    expect(shown([], ({ id }) => id === "b1")).toEqual(["phase p 1", "task b 2", "task b1 3"]);
  });
});

describe("the log", () => {
  it("takes each event once, in lines, without what moves a terminal or turns text around", () => {
    const log = new LogLines();
    const first = event(1, "task.output", { data: { text: "one\r\n\x1b[31mtwo\x1b[0m\x1b]0;title\x07\n" } });
    log.add([first]);
    log.add([first, event(2, "task.output", { data: { text: "a\u202eb" } }), event(3, "task.verified")]);
    expect(log.lines.map(({ text }) => text)).toEqual(["one", "two", "ab"]);
  });
});
