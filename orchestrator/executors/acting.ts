/** The executors that act on the world outside the workspace, one line each, with what this node can and cannot do. */
import type { Config } from "../config.ts";
import type { OutsideStore } from "../store/outside.ts";
import type { Executor } from "./executor.ts";
import { createProgramExecutor, type ProgramOptions } from "./program.ts";
import { createWaitExecutor } from "./wait.ts";
import type { LookOptions } from "./wait-look.ts";

export type ActingOptions = {
  config: Config;
  common: Pick<ProgramOptions, "containment" | "environment" | "secrets" | "compileCache">;
  shell: Executor;
  outside: OutsideStore;
};
type Described = { kind: string; available: boolean; detail: string };

export function createActingExecutors({ config, common, shell, outside }: ActingOptions): {
  executors: Executor[];
  looking: LookOptions;
  described: Described[];
} {
  const { hosts, secrets: taskSecrets, requestsPerMinute } = config.tasks;
  const options: ProgramOptions = { ...common, taskSecrets, ownHosts: hosts, outside, requestsPerMinute, now: Date.now };
  const own = hosts.length === 0 ? "" : ` and ${hosts.join(", ")}`;
  const looking = { shell, taskSecrets, ownHosts: hosts };
  return {
    looking,
    executors: [
      createWaitExecutor({ ...looking, outside }),
      createProgramExecutor({ kind: "http", addresses: ({ url }) => [url] }, options),
    ],
    described: [
      { kind: "wait", available: true, detail: "looks at an address, a file, a command or the clock; holds no slot meanwhile" },
      { kind: "http", available: true, detail: `public hosts${own}; ${requestsPerMinute} calls a minute per host` },
    ],
  };
}
