/** `longhaul plan`: reads a plan and shows what it would become. Starts nothing and needs no orchestrator. */

import { createClient } from "../../client/client.ts";
import { discoverOrchestrator } from "../../client/discover.ts";
import { type Config, loadConfig } from "../../orchestrator/config.ts";
import { breakDown, breakdownsByRule } from "../../plan/decompose.ts";
import { readPlanPath } from "../../plan/folder.ts";
import { type Forecast, forecast, type History } from "../../plan/forecast.ts";
import { compileGraph } from "../../plan/graph.ts";
import type { Plan } from "../../plan/model.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Parameters } from "../plan-parameters.ts";
import { planPath } from "../plan-path.ts";
import { planText } from "../plan-text.ts";
import { answer } from "../terminal.ts";

export async function plan(
  file: string,
  flags: { json?: boolean; format?: string; set?: Parameters },
  config: Config = loadConfig(),
): Promise<number> {
  const { maxPlanBytes, maxTasks } = config;
  const read = await readPlanPath(await planPath(file), {
    limits: { maxBytes: maxPlanBytes, maxTasks },
    ...(flags.format === undefined ? {} : { format: flags.format }),
    ...(flags.set === undefined ? {} : { parameters: flags.set }),
  });
  const parsed = { ...read, plan: breakDown(read.plan, breakdownsByRule(read.plan)) };
  const graph = compileGraph(parsed.plan);
  const { waves, criticalPath } = graph;
  const expected = await forecastOf(parsed.plan, config);
  answer(flags.json === true, { ...parsed, waves, criticalPath, forecast: expected }, () => planText(parsed, graph, expected));
  return exitCodes.ok;
}

/** With what such tasks took before, if an orchestrator runs that knows; else without. */
async function forecastOf(plan: Plan, { home, token, concurrency }: Config): Promise<Forecast> {
  const found = await discoverOrchestrator(home, { token });
  if (!found.running) return forecast(plan, { concurrency });
  const history = await createClient(found)
    .ask<History>({ method: "GET", path: "/api/history" })
    .catch(() => ({}));
  return forecast(plan, { history, concurrency });
}
