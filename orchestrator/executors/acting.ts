/** The executors that act on the world outside the workspace, one line each, with what this node can and cannot do. */
import type { Config } from "../config.ts";
import type { OutsideStore } from "../store/outside.ts";
import type { Executor } from "./executor.ts";
import { findProgram } from "./find-program.ts";
import { createProgramExecutor, type ProgramOptions } from "./program.ts";
import {
  addressesOf,
  browserSettings,
  contentSettings,
  dataSettings,
  deploySettings,
  emailSettings,
  gitSettings,
} from "./program-settings.ts";
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
  const { hosts, secrets: taskSecrets, requestsPerMinute, githubApi, smtp, content } = config.tasks;
  const options: ProgramOptions = { ...common, taskSecrets, ownHosts: hosts, outside, requestsPerMinute, now: Date.now };
  const own = hosts.length === 0 ? "" : ` and ${hosts.join(", ")}`;
  const engine = findProgram(["podman", "docker"], config.environment["PATH"]);
  const ssh = findProgram(["ssh"], config.environment["PATH"]) !== undefined;
  const chromium =
    config.tasks.chromium ?? findProgram(["chromium", "chromium-browser", "google-chrome"], config.environment["PATH"]);
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
      ...(!ssh
        ? []
        : [
            createProgramExecutor(
              {
                kind: "deploy",
                addresses: ({ health, registry }) => [health?.url, registry?.url].filter((address) => address !== undefined),
                settings: deploySettings(taskSecrets, hosts, engine),
                passOn: ["SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "DOCKER_*", "CONTAINER_*"],
              },
              options,
            ),
          ]),
      ...(chromium === undefined
        ? []
        : [
            createProgramExecutor(
              { kind: "browser", addresses: addressesOf, settings: browserSettings(chromium, hosts), wallSeconds: 900 },
              options,
            ),
          ]),
      ...(smtp === undefined
        ? []
        : [
            createProgramExecutor(
              { kind: "email", addresses: () => [smtp.url], settings: emailSettings(smtp), wallSeconds: 300 },
              options,
            ),
          ]),
      ...(content === undefined
        ? []
        : [
            createProgramExecutor(
              { kind: "content", addresses: () => [content.baseUrl], settings: contentSettings(content), wallSeconds: 900 },
              options,
            ),
          ]),
    ],
    described: [
      { kind: "wait", available: true, detail: "looks at an address, a file, a command or the clock; holds no slot meanwhile" },
      { kind: "http", available: true, detail: `public hosts${own}; ${requestsPerMinute} calls a minute per host` },
      {
        kind: "git",
        available: true,
        detail: `create, commit, tag, push${taskSecrets["GITHUB"] === undefined ? "" : "; GitHub"}`,
      },
      { kind: "data", available: true, detail: "JSON, NDJSON, CSV, text and SQL in, JSONata, a file out" },
      {
        kind: "deploy",
        available: ssh,
        detail: ssh
          ? `over ssh to ${hosts.length === 0 ? "no host: name them in LONGHAUL_TASK_HOSTS" : hosts.join(", ")}; images: ${engine ?? "no container engine"}`
          : "no ssh: install the OpenSSH client",
      },
      {
        kind: "browser",
        available: chromium !== undefined,
        detail:
          chromium === undefined
            ? "no Chromium: install it, or name it in LONGHAUL_CHROMIUM"
            : `${chromium}, on ${hosts.length === 0 ? "no host: name them in LONGHAUL_TASK_HOSTS" : hosts.join(", ")}`,
      },
      {
        kind: "email",
        available: smtp !== undefined,
        detail:
          smtp === undefined
            ? "no mail server: set SMTP_URL"
            : `from ${smtp.from}, to ${smtp.mostRecipients} at most, each message after its approval`,
      },
      {
        kind: "content",
        available: content !== undefined,
        detail: content === undefined ? "no model: set CONTENT_MODEL" : `${content.model} at ${new URL(content.baseUrl).host}`,
      },
    ],
  };
}
