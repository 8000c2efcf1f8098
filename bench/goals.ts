/** The goals of the engine, each held against the figures of the same run. */
import type { Standing } from "./engine.ts";
import type { OrchestratorOutcome } from "./handoff.ts";
import type { Figures } from "./measure.ts";
import type { Summary } from "./summary.ts";

export type Goal = { line: string; met: boolean | undefined };

type Best = { name: string; value: number } | undefined;

/** Goals that cannot be judged, because an engine is missing from the run, have `met` undefined. */
export function goals(summaries: Summary[]): Goal[] {
  const measured = summaries.filter((summary) => summary.measured);
  const best = (standing: Standing, figure: keyof Figures, better: (a: number, b: number) => boolean): Best =>
    measured
      .filter(({ engine }) => engine.standing === standing)
      .map(({ engine, figures }) => ({ name: engine.name, value: figures[figure] }))
      .reduce<Best>((leader, one) => (leader === undefined || better(one.value, leader.value) ? one : leader), undefined);
  const larger = (figure: keyof Figures, than: Standing, factor: number) =>
    judge(
      `${titles[figure]} ≥ ${factor} × that of`,
      best("longhaul", figure, more),
      best(than, figure, more),
      factor,
      (own, other) => own / other,
    );
  const smaller = (figure: keyof Figures, than: Standing, factor: number) =>
    judge(
      `${titles[figure]} ≤ ${factor === 1 ? "" : `1/${factor} × `}that of`,
      best("longhaul", figure, less),
      best(than, figure, less),
      factor,
      (own, other) => other / own,
    );

  return [
    larger("dagPerSecond", "yardstick", 10),
    smaller("fanMs", "yardstick", 4),
    smaller("hopP50Ms", "yardstick", 1),
    smaller("hopP99Ms", "yardstick", 1),
    larger("dagPerSecond", "limit", 0.5),
    below("worker RSS", best("longhaul", "memoryMb", less)?.value, memoryMb, "MB"),
  ];
}

export function orchestratorGoals(outcome: OrchestratorOutcome | undefined): Goal[] {
  const figures = outcome?.status === "measured" ? outcome.figures : undefined;
  const overhead = figures === undefined ? undefined : (figures.taskMs / figures.bareTaskMs - 1) * 100;
  return [
    below("handoff p95", figures?.handoffP95Ms, 100, "ms"),
    below("notification p99", figures?.notificationP99Ms, 500, "ms"),
    below("orchestrator RSS", figures?.memoryMb, memoryMb, "MB"),
    below("overhead of a shell task of 10 s", overhead, 1, "%"),
  ];
}

const memoryMb = 150;

const titles: Partial<Record<keyof Figures, string>> = {
  dagPerSecond: "DAG tasks/s",
  fanMs: "fan ms",
  hopP50Ms: "hop p50",
  hopP99Ms: "hop p99",
};

const more = (a: number, b: number) => a > b;
const less = (a: number, b: number) => a < b;

/** @param advantage of our value over the other's; the goal is met when it reaches the factor */
function judge(name: string, own: Best, other: Best, factor: number, advantage: (own: number, other: number) => number): Goal {
  if (own === undefined || other === undefined)
    return { line: `goal ${name} the best of the others: not measured`, met: undefined };
  const reached = advantage(own.value, other.value);
  const met = reached >= factor;
  return { line: `goal ${name} ${other.name}: ${reached.toFixed(2)}, ${met ? "met" : "NOT MET"}`, met };
}

function below(name: string, value: number | undefined, limit: number, unit: string): Goal {
  const goal = `goal ${name} < ${limit} ${unit}`;
  if (value === undefined || Number.isNaN(value)) return { line: `${goal}: not measured`, met: undefined };
  const met = value < limit;
  return { line: `${goal}: ${value.toFixed(1)} ${unit}, ${met ? "met" : "NOT MET"}`, met };
}
