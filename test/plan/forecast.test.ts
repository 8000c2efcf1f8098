import { describe, expect, it } from "vitest";
import { forecast } from "../../plan/forecast.ts";
import { parsePlan } from "../../plan/parse.ts";

const plan = (tasks: object[]) => parsePlan({ bytes: JSON.stringify({ tasks }), file: "plan.json" }).plan;

describe("the forecast of a plan", () => {
  it("adds ranges along the dependencies and not across", () => {
    const found = forecast(
      plan([
        { id: "a", estimate: "10-20m" },
        { id: "b", estimate: "1h", dependencies: ["a"] },
        { id: "c", estimate: "5m" },
      ]),
    );
    expect(found.minutes).toEqual({ min: 40, likely: 75, max: 140 });
    expect(found.criticalPath).toEqual({ ids: ["a", "b"], minutes: 75 });
    expect(found.basis).toEqual({ written: 3, history: 0, usual: 0 });
  });

  it("takes longer when only so many run at once", () => {
    const four = plan(["a", "b", "c", "d"].map((id) => ({ id, estimate: "10m" })));
    expect(forecast(four).minutes.likely).toBe(10);
    expect(forecast(four, { concurrency: 2 }).minutes.likely).toBe(20);
    expect(forecast(four, { concurrency: 1 }).minutes.likely).toBe(40);
  });

  it("believes history once there is enough of it", () => {
    const one = plan([{ id: "a", command: "true" }]);
    const shell = (runs: number) => ({ shell: { runs, minutes: [3, 4, 9] as [number, number, number] } });
    expect(forecast(one, { history: shell(10) }).minutes).toEqual({ min: 3, likely: 4, max: 9 });
    expect(forecast(one, { history: shell(2) }).minutes.likely).toBe(1);
  });

  it("counts no time and no money for what is done, and no model for a command", () => {
    const found = forecast(
      plan([
        { id: "a", estimate: "9h", status: "done" },
        { id: "b", command: "true", dependencies: ["a"] },
        { id: "c", title: "Write it" },
      ]),
    );
    expect(found.minutes.likely).toBe(8);
    expect(found.tasks).toEqual({ open: 2, automatic: 2, human: 0 });
    expect(found.usd.min).toBeGreaterThan(0);
    expect(forecast(plan([{ id: "b", command: "true" }])).usd).toEqual({ min: 0, likely: 0, max: 0 });
  });
});
