/** The rounds of each engine brought down to medians. */
import type { Description, Outcome } from "./child.ts";
import type { Sizes } from "./engine.ts";
import type { Figures } from "./measure.ts";
import { median } from "./statistics.ts";

/** Outcomes by engine, in the order of the table. */
export type Rounds = Map<string, Outcome[]>;

export type Summary =
  | { measured: true; engine: Description; figures: Figures; rounds: number; remarks: string[] }
  | { measured: false; name: string; reason: string };

/** @param asked the sizes of the run; engines that did less get a remark */
export function summarize(rounds: Rounds, asked: Sizes): Summary[] {
  return [...rounds].map(([name, outcomes]) => {
    const fault = outcomes.find((outcome) => outcome.status !== "measured");
    if (fault !== undefined) {
      return {
        measured: false,
        name,
        reason: fault.status === "failed" ? `FAILED: ${firstLine(fault.message)}` : `not run: ${fault.message}`,
      };
    }
    const measured = outcomes.filter((outcome) => outcome.status === "measured");
    const [first] = measured;
    if (first === undefined) return { measured: false, name, reason: "not run" };
    return {
      measured: true,
      engine: first.engine,
      figures: medians(measured.map(({ figures }) => figures)),
      rounds: measured.length,
      remarks: reductions(asked, first.sizes),
    };
  });
}

function medians(figures: Figures[]): Figures {
  const names = Object.keys(figures[0] ?? {}) as (keyof Figures)[];
  return Object.fromEntries(names.map((name) => [name, median(figures.map((round) => round[name]))])) as Figures;
}

function reductions(asked: Sizes, done: Sizes): string[] {
  const names: Record<keyof Sizes, string> = {
    dagLayers: "layers of 100 in the DAG",
    independent: "independent tasks",
    fan: "wide fan",
    chain: "tasks in the chain",
    idleSamples: "idle samples",
  };
  return (Object.keys(names) as (keyof Sizes)[])
    .filter((workload) => done[workload] < asked[workload])
    .map((workload) => `only ${done[workload].toLocaleString("en")} ${names[workload]}`);
}

function firstLine(message: string): string {
  return message.trim().split("\n")[0] ?? "";
}
