/** The command line of the benchmark. */
import { parseArgs } from "node:util";
import type { Sizes } from "./engine.ts";
import { modules } from "./engines.ts";

export type Options = {
  rounds: number;
  /** No further round begins when it would probably end after this time. */
  budgetMs: number;
  engines: string[];
  /** Whether the whole product is measured too. */
  orchestrator: boolean;
  sizes: Sizes;
  jsonFile: string | undefined;
};

const defaultBudgetMs = 540_000;
const orchestratorName = "orchestrator";

const fullSizes: Sizes = { dagLayers: 100, independent: 10_000, fan: 1000, chain: 200, idleSamples: 50 };
const quickSizes: Sizes = { dagLayers: 10, independent: 1000, fan: 200, chain: 50, idleSamples: 15 };

/** @throws Error when an option is unknown or its value makes no sense */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: give a whole number from 1.`);
  const known = [...Object.keys(modules), orchestratorName];
  const chosen = values.only?.split(",") ?? known;
  const unknown = chosen.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`--only ${unknown.join(",")}: there is no such thing to measure. Known are ${known.join(", ")}.`);
  return {
    rounds,
    budgetMs: values.rounds === undefined ? defaultBudgetMs : Number.POSITIVE_INFINITY,
    engines: chosen.filter((name) => name !== orchestratorName),
    orchestrator: chosen.includes(orchestratorName),
    sizes: values.quick ? quickSizes : fullSizes,
    jsonFile: values.json,
  };
}
