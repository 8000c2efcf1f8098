/** The executors of one node, built from its configuration, with what `doctor` and `/capabilities` say about them. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { Executor } from "./executor.ts";
import { findContainment, type Isolation } from "./isolation.ts";
import { createNoopExecutor } from "./noop.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { createShellExecutor } from "./shell.ts";

export type Executors = Registry & {
  /** Also runs the commands that verify other tasks. */
  shell: Executor;
  isolation: Isolation;
  described: { kind: string; available: boolean; detail: string }[];
};

/**
 * Looks at what this machine offers and builds the executors on it.
 * @param secrets values that no task's recorded output may show
 */
export async function createExecutors(config: Config, secrets: readonly string[]): Promise<Executors> {
  const containment = await findContainment();
  const shell = createShellExecutor({
    containment,
    environment: config.environment,
    secrets,
    compileCache: join(config.home, "cache", "supervisor"),
  });
  return {
    ...createRegistry([shell, createNoopExecutor()]),
    shell,
    isolation: containment.report,
    described: [{ kind: "shell", available: true, detail: `isolation: ${containment.report.level}` }],
  };
}
