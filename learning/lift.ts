/**
 * Does telling help? A random share of tasks is not told what was found for it; the difference between both groups, with its interval, is
 * the answer. Also how far estimates from history were off. Pure.
 */
import type { ToldRow } from "../orchestrator/store/patterns.ts";

export type Interval = { value: number; low: number; high: number };
export type Group = { tasks: number; judged: number; succeeded: number; medianSeconds: number | null; medianUsd: number | null };
export type Lift = {
  told: Group;
  withheld: Group;
  /** Told minus withheld, in percentage points of success; null without judged tasks in both groups. */
  successPoints: Interval | null;
  /** Told divided by withheld; below 1 is faster, or cheaper. */
  durationRatio: Interval | null;
  costRatio: Interval | null;
  estimates: { tasks: number; medianErrorPercent: number | null; withinFactorTwo: number | null };
};

const z = 1.96;
/** With fewer in a group an interval of means says nothing. */
const enough = 5;

export function lift(rows: readonly ToldRow[]): Lift {
  const told = rows.filter(({ shown }) => shown);
  const withheld = rows.filter(({ shown }) => !shown);
  const errors = rows.flatMap(({ estimated_seconds: estimate, seconds }) =>
    estimate === null || seconds === null || seconds <= 0 || estimate <= 0 ? [] : [{ estimate, seconds }],
  );
  return {
    told: groupOf(told),
    withheld: groupOf(withheld),
    successPoints: differenceOf(groupOf(told), groupOf(withheld)),
    durationRatio: ratioOf(positive(told.map((row) => row.seconds)), positive(withheld.map((row) => row.seconds))),
    costRatio: ratioOf(positive(told.map((row) => row.cost_usd)), positive(withheld.map((row) => row.cost_usd))),
    estimates: {
      tasks: errors.length,
      medianErrorPercent: median(errors.map(({ estimate, seconds }) => (Math.abs(estimate - seconds) / seconds) * 100)),
      withinFactorTwo:
        errors.length === 0
          ? null
          : errors.filter(({ estimate, seconds }) => estimate <= 2 * seconds && seconds <= 2 * estimate).length / errors.length,
    },
  };
}

function groupOf(rows: readonly ToldRow[]): Group {
  const judged = rows.filter(({ outcome }) => outcome === "success" || outcome === "failure");
  return {
    tasks: rows.length,
    judged: judged.length,
    succeeded: judged.filter(({ outcome }) => outcome === "success").length,
    medianSeconds: median(positive(rows.map((row) => row.seconds))),
    medianUsd: median(positive(rows.map((row) => row.cost_usd))),
  };
}

/** Newcombe 1998, method 10: from Wilson's score intervals of both shares; right for small groups and shares of 0 and 1. */
function differenceOf(a: Group, b: Group): Interval | null {
  if (a.judged === 0 || b.judged === 0) return null;
  const first = wilson(a.succeeded, a.judged);
  const second = wilson(b.succeeded, b.judged);
  const value = first.value - second.value;
  return {
    value: 100 * value,
    low: 100 * (value - Math.hypot(first.value - first.low, second.high - second.value)),
    high: 100 * (value + Math.hypot(first.high - first.value, second.value - second.low)),
  };
}

function wilson(succeeded: number, all: number): Interval {
  const share = succeeded / all;
  const centre = (share + z ** 2 / (2 * all)) / (1 + z ** 2 / all);
  const half = (z / (1 + z ** 2 / all)) * Math.sqrt((share * (1 - share)) / all + z ** 2 / (4 * all ** 2));
  return { value: share, low: centre - half, high: centre + half };
}

/** Ratio of geometric means, because times and costs are spread over orders of magnitude; the interval is Welch's on logarithms. */
function ratioOf(a: readonly number[], b: readonly number[]): Interval | null {
  if (a.length < enough || b.length < enough) return null;
  const first = moments(a.map(Math.log));
  const second = moments(b.map(Math.log));
  const value = first.mean - second.mean;
  const half = z * Math.sqrt(first.variance / a.length + second.variance / b.length);
  return { value: Math.exp(value), low: Math.exp(value - half), high: Math.exp(value + half) };
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) };
}

const positive = (values: readonly (number | null)[]) => values.filter((value): value is number => value !== null && value > 0);

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
