/**
 * What a plan will take, before it is handed over: how long along its dependencies, and what it costs. A range and not a number, because
 * a task's own range is wide. Estimates come from the plan, or from what tasks of the same kind took before.
 */
import { expectedMinutes } from "./expected-minutes.ts";
import { compileGraph, type PlanGraph } from "./graph.ts";
import type { Plan, Task, TaskKind } from "./model.ts";
import { isOpen } from "./standing.ts";

/** What finished tasks of one kind took: the 10th, 50th and 90th percentile. */
export type KindHistory = {
  runs: number;
  minutes: [low: number, middle: number, high: number];
  usd?: [low: number, middle: number, high: number];
};
export type History = Partial<Record<TaskKind, KindHistory>>;

export type Range = { min: number; likely: number; max: number };
export type Forecast = {
  /** Open tasks that run by themselves, and those that wait for a person. */
  tasks: { open: number; automatic: number; human: number };
  minutes: Range;
  /** Minutes of the longest chain, without waiting for a free slot. */
  criticalPath: PlanGraph["criticalPath"];
  usd: Range;
  /** Minutes a person would need for the same work, where the plan says so. */
  manualMinutes: number;
  /** How many estimates are written, taken from history, or only usual values. */
  basis: { written: number; history: number; usual: number };
};

/** US dollars of one model session, until history says better. */
const usualUsd: Partial<Record<TaskKind, [low: number, middle: number, high: number]>> = {
  claude: [0.1, 0.5, 3],
  content: [0.01, 0.05, 0.3],
  agent: [0.1, 0.5, 3],
};
/** Below this many runs, history says less than the usual value. */
const enoughRuns = 3;

/** Forecasts a plan that runs at most `concurrency` tasks at once. */
export function forecast(plan: Plan, options: { history?: History; concurrency?: number } = {}): Forecast {
  const { history = {}, concurrency = Number.POSITIVE_INFINITY } = options;
  const graph = compileGraph(plan);
  const open = graph.leaves.filter(isOpen);
  const ranges = new Map(open.map((task) => [task.id, taskRange(task, history)]));
  const at = (pick: keyof Range) => runThrough(graph, new Map([...ranges].map(([id, range]) => [id, range[pick]])), concurrency);
  const usd = { min: 0, likely: 0, max: 0 };
  for (const task of open) addCost(usd, task, history);
  const sources = [...ranges.values()].map((range) => range.source);
  const count = (source: string) => sources.filter((found) => found === source).length;
  const automatic = open.filter((task) => task.automation === "FULL_AUTO").length;
  return {
    tasks: { open: open.length, automatic, human: open.length - automatic },
    minutes: { min: at("min"), likely: at("likely"), max: at("max") },
    criticalPath: graph.criticalPath,
    usd,
    manualMinutes: open.reduce((sum, task) => sum + (task.manualEstimate?.likely ?? 0), 0),
    basis: { written: count("written"), history: count("history"), usual: count("default") },
  };
}

function taskRange(task: Task, history: History): Range & { source: string } {
  const expected = expectedMinutes(task);
  const seen = history[task.kind];
  if (expected.source === "written" || !seen || seen.runs < enoughRuns) return expected;
  const [min, likely, max] = seen.minutes;
  return { min, likely, max, source: "history" };
}

function addCost(usd: Range, task: Task, history: History): void {
  const seen = history[task.kind];
  const cost = seen?.usd && seen.runs >= enoughRuns ? seen.usd : usualUsd[task.kind];
  if (!cost || task.automation === "HUMAN_ONLY") return;
  usd.min += cost[0];
  usd.likely += cost[1];
  usd.max += cost[2];
}

/** Plays the plan: a task begins when what it waits for is finished and one of the slots is free. */
function runThrough(graph: PlanGraph, minutes: Map<string, number>, concurrency: number): number {
  const finished = new Map<string, number>();
  const waitsFor = Map.groupBy(graph.edges, (edge) => edge.from);
  const slots: number[] = [];
  let end = 0;
  const ready = (id: string) => Math.max(0, ...(waitsFor.get(id) ?? []).map((edge) => finished.get(edge.to) ?? 0));
  for (const id of graph.order) {
    const own = minutes.get(id);
    let begin = ready(id);
    if (own !== undefined && Number.isFinite(concurrency)) {
      // The slot that is free first; as tasks come in the order of their waves this is close to what the scheduler does.
      const first = slots.length < concurrency ? -1 : slots.indexOf(Math.min(...slots));
      if (first >= 0) begin = Math.max(begin, slots.splice(first, 1)[0] ?? 0);
      slots.push(begin + own);
    }
    const at = begin + (own ?? 0);
    finished.set(id, at);
    end = Math.max(end, at);
  }
  return end;
}
