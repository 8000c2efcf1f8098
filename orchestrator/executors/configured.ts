/** The executors of one node, built from its configuration, with what `doctor` and `/capabilities` say about them. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { AttemptStep } from "../attempt-step.ts";
import type { Config } from "../config.ts";
import { type Billing, billedEnvironment, billingOf } from "../governor/billing.ts";
import type { Kinds } from "../new-task.ts";
import type { OutsideStore } from "../store/outside.ts";
import { createActingExecutors } from "./acting.ts";
import { createClaudeExecutor } from "./claude.ts";
import { asSession, createContentByClaude } from "./content-by-claude.ts";
import type { Executor } from "./executor.ts";
import { askClaude, findClaude } from "./find-claude.ts";
import { findContainment, type Isolation } from "./isolation.ts";
import { findIsolation, type LevelReport } from "./isolation-levels.ts";
import { createNoopExecutor } from "./noop.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { createShellExecutor } from "./shell.ts";
import type { LookOptions } from "./wait-look.ts";

export type Executors = Registry & {
  /** Also runs the commands that verify other tasks. */
  shell: Executor;
  isolation: Isolation;
  isolationLevels: LevelReport[];
  /** What Claude sessions are billed to. */
  billing: Billing;
  abilities: Kinds;
  /** Steps before all others. */
  first: AttemptStep[];
  /** What looking at a condition needs. */
  looking: LookOptions;
  described: { kind: string; available: boolean; detail: string }[];
};

/**
 * Looks at what this machine offers and builds the executors on it.
 * @param secrets values that no task's recorded output may show; @param outside what tasks that act outside share
 * @param agents gives tasks to remote agents
 */
export async function createExecutors(
  config: Config,
  secrets: readonly string[],
  outside: OutsideStore,
  agents: Executor,
): Promise<Executors> {
  const { environment, claudeBinary } = config;
  const [containment, isolation, claude] = await Promise.all([
    findContainment(),
    findIsolation({
      ...config.isolation,
      state: config.home,
      home: environment["HOME"] ?? homedir(),
      temporary: environment["TMPDIR"],
    }),
    claudeBinary === undefined ? findClaude(environment["PATH"]) : askClaude(claudeBinary),
  ]);
  const common = {
    containment,
    confine: isolation.confine,
    environment,
    secrets,
    compileCache: join(config.home, "cache", "supervisor"),
  };
  const shell = createShellExecutor(common);
  const billed = billedEnvironment(environment, config.claudeBilling);
  const billing = await billingOf(billed);
  const acting = createActingExecutors({ config, common: { ...common, containment }, shell, outside });
  const executors: Executor[] = [shell, createNoopExecutor(), agents, ...acting.executors];
  const session = claude && createClaudeExecutor({ ...common, environment: billed, binary: claude.path });
  if (session !== undefined) executors.push(session);
  const bySession = session !== undefined && config.tasks.content === undefined;
  if (bySession) executors.push(createContentByClaude({ claude: session, outside }));
  const described: Executors["described"] = [
    { kind: "shell", available: true, detail: `commands, isolation: ${isolation.report.level}` },
    {
      kind: "claude",
      available: claude !== undefined,
      detail:
        claude === undefined
          ? missing(claudeBinary)
          : `Claude Code ${claude.version} at ${claude.path}, billed to ${billing.detail}`,
    },
    { kind: "agent", available: true, detail: "given to registered remote agents whose capabilities match (longhaul agents)" },
    ...acting.described.map((one) =>
      one.kind === "content" && bySession
        ? { ...one, available: true, detail: "by Claude Code; set CONTENT_MODEL for another model" }
        : one,
    ),
  ];
  const registry = createRegistry(executors);
  return {
    ...registry,
    abilities: {
      has: (kind) => registry.kinds.includes(kind),
      whyNot: (kind) => described.find((one) => one.kind === kind && !one.available)?.detail,
    },
    shell,
    first: bySession ? [asSession] : [],
    isolation: isolation.report,
    isolationLevels: isolation.levels,
    billing,
    looking: acting.looking,
    described,
  };
}

function missing(claudeBinary: string | undefined): string {
  if (claudeBinary !== undefined) return `LONGHAUL_CLAUDE is ${claudeBinary}, which does not start as Claude Code`;
  return "no `claude` on the PATH; install Claude Code or name it in LONGHAUL_CLAUDE";
}
