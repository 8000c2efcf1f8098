/**
 * The benchmark: every engine in turn, round after round, on one PostgreSQL server. Prints the table of medians with ratios and the goals.
 * Ends with 1 when an engine failed or computed a wrong result; goals that are not met do not count as failures.
 *
 * `node bench/run.ts [--rounds N] [--only a,b] [--quick] [--json FILE]`
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "./child.ts";
import { runEngine } from "./engine-process.ts";
import { absence, modules, productArguments } from "./engines.ts";
import { goals, orchestratorGoals } from "./goals.ts";
import { measureOrchestrator, type OrchestratorOutcome } from "./handoff.ts";
import { machineLine } from "./machine.ts";
import { type Options, parseOptions } from "./options.ts";
import { type Postgres, startPostgres } from "./servers/postgres.ts";
import { installPeers } from "./setup.ts";
import { type Rounds, summarize } from "./summary.ts";
import { renderOrchestrator, renderTable } from "./table.ts";

const deadlineMs = 180_000;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  installPeers();
  const directory = await mkdtemp(join(tmpdir(), "longhaul-bench-"));
  await chmod(directory, 0o711); // under root the database server is another user
  let postgres: Postgres | undefined;
  const cleanUp = async () => {
    await postgres?.stop();
    await rm(directory, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(1))); // engines end with their channel to this process
  try {
    postgres = await startPostgres(join(directory, "postgres"));
    const rounds = await runRounds(options, postgres, directory);
    const orchestrator = options.orchestrator ? await runOrchestrator(postgres, join(directory, "orchestrator")) : undefined;
    return await report(options, rounds, orchestrator, machineLine(postgres.version));
  } finally {
    await cleanUp();
  }
}

async function runRounds(options: Options, postgres: Postgres, directory: string): Promise<Rounds> {
  const rounds: Rounds = new Map(options.engines.map((name) => [name, []]));
  const beganMs = Date.now();
  for (let round = 1; round <= options.rounds; round += 1) {
    if (((Date.now() - beganMs) / Math.max(1, round - 1)) * round > options.budgetMs) {
      console.error(
        `round ${round}/${options.rounds} left out: this machine is too slow or too busy for it (--rounds ${options.rounds} insists)`,
      );
      break;
    }
    const order = round % 2 === 1 ? [...rounds] : [...rounds].reverse(); // so that nobody always follows the same neighbour
    for (const [name, outcomes] of order) {
      if (outcomes.some(({ status }) => status !== "measured")) continue;
      const startedMs = Date.now();
      const outcome = await runOnce(name, options, postgres, join(directory, `${name}-${round}`));
      outcomes.push(outcome);
      if (outcome.status === "failed") console.error(outcome.message);
      console.error(
        `round ${round}/${options.rounds} ${name}: ${outcome.status} after ${Math.round((Date.now() - startedMs) / 1000)} s`,
      );
    }
  }
  return rounds;
}

async function runOnce(name: string, { sizes }: Options, postgres: Postgres, directory: string): Promise<Outcome> {
  const module = modules[name] ?? "";
  const message = absence(module);
  if (message !== undefined) return { status: "unavailable", message };
  await mkdir(directory);
  try {
    return await postgres.withDatabase((database) =>
      runEngine(module, name === "longhaul" ? productArguments : [], { environment: { database, directory }, sizes }, deadlineMs),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runOrchestrator(postgres: Postgres, directory: string): Promise<OrchestratorOutcome> {
  await mkdir(directory);
  const outcome = await postgres.withDatabase((database) => measureOrchestrator({ database, directory }));
  console.error(`orchestrator: ${outcome.status}`);
  if (outcome.status === "failed") console.error(outcome.message);
  return outcome;
}

async function report(
  options: Options,
  rounds: Rounds,
  orchestrator: OrchestratorOutcome | undefined,
  machine: string,
): Promise<number> {
  const done = Math.max(0, ...[...rounds.values()].map((outcomes) => outcomes.length));
  const header = `${machine} · medians of ${done} of ${options.rounds} rounds`;
  const summaries = summarize(rounds, options.sizes);
  const reached = [...goals(summaries), ...orchestratorGoals(orchestrator)];
  const product = orchestrator === undefined ? [] : [renderOrchestrator(orchestrator), ""];
  console.log([header, "", renderTable(summaries), "", ...product, ...reached.map(({ line }) => line)].join("\n"));
  if (options.jsonFile !== undefined) {
    const content = { machine, sizes: options.sizes, rounds: Object.fromEntries(rounds), orchestrator, goals: reached };
    await writeFile(options.jsonFile, `${JSON.stringify(content, undefined, 2)}\n`);
  }
  return [orchestrator, ...[...rounds.values()].flat()].some((outcome) => outcome?.status === "failed") ? 1 : 0;
}

process.exitCode = await main();
