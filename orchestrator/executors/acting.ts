/** The executors that act on the world outside the workspace, one line each, with what this node can and cannot do. */
import type { DataParams } from "../../plan/params/data.ts";
import type { GitParams } from "../../plan/params/git.ts";
import type { Config } from "../config.ts";
import type { OutsideStore } from "../store/outside.ts";
import type { TaskSecret } from "../task-secrets.ts";
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
  const { hosts, secrets: taskSecrets, requestsPerMinute, githubApi } = config.tasks;
  const options: ProgramOptions = { ...common, taskSecrets, ownHosts: hosts, outside, requestsPerMinute, now: Date.now };
  const own = hosts.length === 0 ? "" : ` and ${hosts.join(", ")}`;
  const looking = { shell, taskSecrets, ownHosts: hosts };
  return {
    looking,
    executors: [
      createWaitExecutor({ ...looking, outside }),
      createProgramExecutor({ kind: "http", addresses: ({ url }) => [url] }, options),
      createProgramExecutor(
        {
          kind: "git",
          addresses: () => [],
          settings: gitSettings(taskSecrets, hosts, githubApi),
          passOn: ["SSH_AUTH_SOCK", "GIT_AUTHOR_*", "GIT_COMMITTER_*"],
        },
        options,
      ),
      createProgramExecutor(
        { kind: "data", addresses: () => [], settings: dataSettings(taskSecrets), wallSeconds: 600 },
        options,
      ),
    ],
    described: [
      { kind: "wait", available: true, detail: "looks at an address, a file, a command or the clock; holds no slot meanwhile" },
      {
        kind: "git",
        available: true,
        detail: `create, commit, tag, push${taskSecrets["GITHUB"] === undefined ? "" : "; GitHub"}`,
      },
      { kind: "data", available: true, detail: "JSON, NDJSON, CSV, text and SQL in, JSONata, a file out" },
      { kind: "http", available: true, detail: `public hosts${own}; ${requestsPerMinute} calls a minute per host` },
    ],
  };
}

const secretOf = (secrets: Readonly<Record<string, TaskSecret>>, name: string, what: string): TaskSecret => {
  const found = secrets[name];
  if (found === undefined)
    throw new Error(`${what} is the secret ${name}: set LONGHAUL_SECRET_${name} in the environment or in .env`);
  return found;
};

/** GitHub's token is the secret GITHUB; a remote's is named by the plan and goes to the secret's hosts only. */
export const gitSettings =
  (secrets: Readonly<Record<string, TaskSecret>>, ownHosts: readonly string[], githubApi: string) => (params: GitParams) => {
    if (params.action === "create" && params.github !== undefined)
      return { open: { githubApi }, secret: { github: secretOf(secrets, "GITHUB", "what opens GitHub").value } };
    if (params.action !== "push" || params.token === undefined) return {};
    const { value, hosts } = secretOf(secrets, params.token, "params.token");
    return { open: { tokenHosts: hosts ?? ownHosts }, secret: { token: value } };
  };

export const dataSettings = (secrets: Readonly<Record<string, TaskSecret>>) => (params: DataParams) => {
  const sources = [params.input, ...Object.values(params.inputs ?? {})];
  const names = sources.flatMap((source) => source?.sql?.database ?? []);
  return {
    secret: Object.fromEntries(names.map((name) => [`database:${name}`, secretOf(secrets, name, "params.sql.database").value])),
  };
};
