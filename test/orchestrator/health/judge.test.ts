import { describe, expect, it } from "vitest";
import { z } from "zod";
import { judge, type Measured, type Metric } from "../../../orchestrator/health/judge.ts";
import { healthVariables, thresholdsOf } from "../../../orchestrator/health/thresholds.ts";

const thresholds = thresholdsOf(z.object(healthVariables).parse({}));
const minute = 60_000;
const load = { memoryBytes: 0, cpuTicks: 0, busyShare: 0, processes: [{ pid: 1, name: "sh", state: "S", memoryBytes: 0 }] };
const measured = (fields: Partial<Measured>): Measured => ({
  runningMs: 0,
  estimateMs: undefined,
  limitMs: undefined,
  silentMs: undefined,
  load: undefined,
  memoryLimitBytes: 100,
  ...fields,
});
const raised = (fields: Partial<Measured>, standing: Metric[] = []) =>
  judge(measured(fields), thresholds, new Set(standing)).flatMap((verdict) => (verdict.raised ? [verdict.metric] : []));

describe("what is out of bounds", () => {
  it.each<[string, Partial<Measured>, Metric[]]>([
    ["twice the estimate", { runningMs: 20 * minute, estimateMs: 10 * minute }, []],
    ["more than that", { runningMs: 20 * minute + 1, estimateMs: 10 * minute }, ["duration"]],
    ["80 % of the limit", { runningMs: 80, limitMs: 100 }, []],
    ["more than that", { runningMs: 81, limitMs: 100 }, ["timeout"]],
    ["80 % of the memory", { load: { ...load, memoryBytes: 80 } }, []],
    ["more than that", { load: { ...load, memoryBytes: 81 } }, ["memory"]],
    ["ten silent minutes", { load, silentMs: 10 * minute }, []],
    ["more than that", { load, silentMs: 10 * minute + 1 }, ["output"]],
    ["a silent task without a process", { silentMs: 100 * minute }, []],
    ["nothing that could be measured", { runningMs: 1e12 }, []],
  ])("%s", (_what, fields, expected) => {
    expect(raised(fields)).toEqual(expected);
  });

  it("memory that trembles at its bound is one alert", () => {
    expect(raised({ load: { ...load, memoryBytes: 79 } }, ["memory"])).toEqual(["memory"]);
    expect(raised({ load: { ...load, memoryBytes: 72 } }, ["memory"])).toEqual([]);
  });

  it.each([
    [{ ...load, busyShare: 0.5 }, /it computes \(50 % of a processor\)$/],
    [{ ...load, processes: [{ pid: 1, name: "cp", state: "D", memoryBytes: 0 }] }, /waits for a disk$/],
    [{ ...load, processes: [{ pid: 1, name: "vi", state: "T", memoryBytes: 0 }] }, /stopped by a signal$/],
    [{ ...load, processes: [] }, /none of its processes is left$/],
    [load, /waits for something, or hangs$/],
  ])("a silent task is said to do what its processes do: %#", (found, text) => {
    const [, output] = judge(measured({ load: found, silentMs: 11 * minute }), thresholds, new Set());
    expect(output?.message).toMatch(/^no output for 660 s|^no output for 11 min/);
    expect(output?.message).toMatch(text);
  });
});
