import { describe, expect, it } from "vitest";
import { lift } from "../../learning/lift.ts";
import type { ToldRow } from "../../orchestrator/store/patterns.ts";

const row = (shown: boolean, outcome: string, seconds: number, more: Partial<ToldRow> = {}): ToldRow => ({
  shown,
  outcome,
  seconds,
  estimated_seconds: null,
  cost_usd: null,
  ...more,
});
const times = (count: number, make: (index: number) => ToldRow) => Array.from({ length: count }, (_, index) => make(index));

describe("whether telling helps", () => {
  it("is the difference of both groups with Newcombe's interval", () => {
    // Newcombe 1998, table II, example (a): 56/70 against 48/80, method 10: 0.2000 (0.0524 to 0.3339)
    const rows = [
      ...times(70, (index) => row(true, index < 56 ? "success" : "failure", 10)),
      ...times(80, (index) => row(false, index < 48 ? "success" : "failure", 10)),
    ];
    const { successPoints } = lift(rows);
    expect(successPoints?.value).toBeCloseTo(20, 2);
    expect(successPoints?.low).toBeCloseTo(5.24, 1);
    expect(successPoints?.high).toBeCloseTo(33.39, 1);
  });

  it("leaves out what nobody verified, and says nothing without both groups", () => {
    const found = lift([row(true, "success", 10), row(true, "unverified", 10), row(false, "unverified", 10)]);
    expect(found.told).toMatchObject({ tasks: 2, judged: 1, succeeded: 1 });
    expect(found).toMatchObject({ successPoints: null, durationRatio: null, costRatio: null });
  });

  it("compares times as ratios, with an interval that holds the truth", () => {
    const spread = [0.5, 0.8, 1, 1.25, 2];
    const rows = times(200, (index) =>
      row(index % 2 === 0, "success", 100 * (spread[index % 5] as number) * (index % 2 === 0 ? 0.5 : 1)),
    );
    const { durationRatio } = lift(rows);
    expect(durationRatio?.value).toBeCloseTo(0.5, 2);
    expect(durationRatio?.low).toBeLessThan(0.5);
    expect(durationRatio?.high).toBeLessThan(1);
  });

  it("says how far estimates were off", () => {
    const rows = [
      row(true, "success", 100, { estimated_seconds: 100 }),
      row(true, "success", 100, { estimated_seconds: 150 }),
      row(true, "success", 100, { estimated_seconds: 300 }),
    ];
    expect(lift(rows).estimates).toEqual({ tasks: 3, medianErrorPercent: 50, withinFactorTwo: 2 / 3 });
  });
});
