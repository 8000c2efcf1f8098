/** `longhaul plan`: reads a plan and shows what it would become. Starts nothing and needs no orchestrator. */
import { type Config, loadConfig } from "../../orchestrator/config.ts";
import { readPlanPath } from "../../plan/folder.ts";
import { compileGraph } from "../../plan/graph.ts";
import { exitCodes } from "../exit-codes.ts";
import { planPath } from "../plan-path.ts";
import { planText } from "../plan-text.ts";
import { answer } from "../terminal.ts";

export async function plan(
  file: string,
  flags: { json?: boolean; format?: string },
  { maxPlanBytes, maxTasks }: Pick<Config, "maxPlanBytes" | "maxTasks"> = loadConfig(),
): Promise<number> {
  const parsed = await readPlanPath(await planPath(file), {
    limits: { maxBytes: maxPlanBytes, maxTasks },
    ...(flags.format === undefined ? {} : { format: flags.format }),
  });
  const graph = compileGraph(parsed.plan);
  const { waves, criticalPath } = graph;
  answer(flags.json === true, { ...parsed, waves, criticalPath }, () => planText(parsed, graph));
  return exitCodes.ok;
}
