/** From one sentence to a running service: hands the eight steps off. */
import { resolve } from "node:path";
import { startBuild } from "../../client/builds.ts";
import type { BuildInput } from "../../orchestrator/api/build-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import type { Session } from "../session.ts";
import { answer, commandLine } from "../terminal.ts";
import { watch } from "./run.ts";

export type BuildFlags = {
  json?: boolean;
  watch?: boolean;
  name?: string;
  workspace?: string;
  approval?: "auto" | "checkpoints" | "final";
  test?: string;
  start?: string;
  iterations?: number;
  ask?: boolean;
  github?: string;
  deploy?: string;
  deployFolder?: string;
  deployStart?: string;
  deployHealth?: string;
  deployKey?: string;
  deployHostKey?: string;
  image?: string;
  registry?: string;
  budgetUsd?: number;
  valueUsd?: number;
  key?: string;
};

export async function build(session: Session, intent: string, flags: BuildFlags): Promise<number> {
  const client = await session.ensuredClient();
  const started = await startBuild(client, requestOf(intent, flags));
  if (flags.watch === true) {
    return watch(session, client, started.executionId, { json: flags.json === true, fromStart: started.created });
  }
  const short = started.executionId.slice(-8);
  answer(flags.json === true, started, () => [
    `${started.created ? "Building" : "Was handed off before"}: ${started.title}`,
    ...started.warnings.map((warning) => `  note    ${warning}`),
    `  id      ${started.executionId}`,
    `  follow  ${commandLine(`status ${short} --watch`)}`,
    `  answer  ${commandLine("inbox")}, ${commandLine("approvals")}`,
  ]);
  return exitCodes.ok;
}

function requestOf(intent: string, flags: BuildFlags): BuildInput {
  const deploy = deployOf(flags);
  return {
    intent,
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(flags.approval === undefined ? {} : { approval_mode: flags.approval }),
    ...(flags.workspace === undefined ? {} : { workspace: resolve(flags.workspace) }),
    ...(flags.test === undefined ? {} : { test: flags.test }),
    ...(flags.start === undefined ? {} : { start: flags.start }),
    ...(flags.iterations === undefined ? {} : { max_iterations: flags.iterations }),
    ...(flags.ask === false ? { ask: false } : {}),
    ...(flags.github === undefined ? {} : { github: { name: flags.github } }),
    ...(deploy === undefined ? {} : { deploy }),
    ...(flags.registry === undefined ? {} : { registry_url: flags.registry }),
    ...(flags.budgetUsd === undefined ? {} : { budget: { usd: flags.budgetUsd } }),
    ...(flags.valueUsd === undefined ? {} : { value_usd: flags.valueUsd }),
    ...(flags.key === undefined ? {} : { idempotency_key: flags.key }),
  };
}

function deployOf(flags: BuildFlags): BuildInput["deploy"] {
  if (flags.deploy === undefined) return undefined;
  const [, user, host, port] = /^(?:([^@]+)@)?([^:@]+)(?::(\d+))?$/.exec(flags.deploy) ?? [];
  const { deployFolder: folder, deployHealth: health } = flags;
  if (host === undefined) throw new CommandFailure(`--deploy ${flags.deploy}: give it as [user@]host[:port].`, exitCodes.usage);
  if (folder === undefined || health === undefined) {
    throw new CommandFailure("--deploy needs --deploy-folder and --deploy-health.", exitCodes.usage);
  }
  return {
    host,
    folder,
    health_url: health,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(flags.deployStart === undefined ? {} : { start: flags.deployStart }),
    ...(flags.deployKey === undefined ? {} : { key: flags.deployKey }),
    ...(flags.deployHostKey === undefined ? {} : { host_key: flags.deployHostKey }),
    ...(flags.image === undefined ? {} : { image: flags.image }),
  };
}
