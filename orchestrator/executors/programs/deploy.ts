/**
 * Tasks of kind `deploy`. On the host:
 *
 *   FOLDER/releases/NAME   what was brought there, one folder for each deployment
 *   FOLDER/current         a link to the release that runs, switched in one step
 *   FOLDER/.well           the name of the last release that was seen well
 *
 * A release that is not well is left for `.well`: the link goes back, the start command runs again, and the task fails. The name holds the
 * attempt, so an attempt that was cut off never passes for one that was well.
 */

import { basename, dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { DeployParams } from "../../../plan/params/deploy.ts";
import { callHttp, disappointment, NoAnswer } from "../http-request.ts";
import type { Around, Perform, Result } from "./program.ts";
import { runCommand } from "./run-command.ts";
import { openSsh, quoted, type Ssh, Unreachable } from "./ssh.ts";

const registryTries = 3;
const askMs = 10_000;

export const performDeploy: Perform<DeployParams> = async (params, around) => {
  const built = await buildImage(params, around);
  if (built !== undefined) return built;
  const { host, port, user, hostKey } = params;
  const target = { host, port, user, hostKey, privateKey: around.secrets["key"] };
  let ssh: Ssh;
  try {
    ssh = await openSsh(target, around.folder, around.say);
  } catch (error) {
    if (error instanceof Unreachable) return unreachable(host, error.message);
    return refused(error instanceof Error ? error.message : String(error));
  }
  try {
    return await deploy(params, around, ssh);
  } finally {
    await ssh.close();
  }
};

async function deploy(params: DeployParams, around: Around, ssh: Ssh): Promise<Result> {
  const { host, folder, source } = params;
  const release = `${around.settings["release"] as string}`;
  const at = `${folder}/releases/${release}`;
  const prepare = [
    `mkdir -p ${quoted(`${folder}/releases`)}`,
    `rm -rf ${quoted(at)}`,
    `mkdir ${quoted(at)}`,
    `{ cat ${quoted(`${folder}/.well`)} 2>/dev/null || true; }`,
  ];
  const state = await ssh.run(prepare.join(" && "), { quiet: true });
  if (state.exitCode !== 0) return failed(`making ${at} on ${host}`, state.stderr);
  const well = state.stdout.trim();

  const brought =
    source === undefined ? state : await ssh.run(`tar -xf - -C ${quoted(at)}`, { from: ["tar", "-cf", "-", ...parcel(source)] });
  if (brought.exitCode !== 0) return failed(`bringing ${source ?? "the release"} to ${host}`, brought.stderr);
  around.say(`${source ?? "nothing but the image"} is at ${host}:${at}`);

  around.acting();
  const started = await switchTo(release, params, ssh);
  const wrong = started ?? (await whatIsWrong(params, ssh, around));
  if (wrong === undefined) {
    await ssh.run(`printf %s ${quoted(release)} > ${quoted(`${folder}/.well`)} && ${prune(params)}`, { quiet: true });
    around.say(`${release} is well`);
    return register(params, around, release);
  }
  around.say(`${release} is not well: ${wrong}`);
  if (!params.rollback) return refused(`${release} runs on ${host} and is not well: ${wrong}`);
  if (well === "") return refused(`${release} on ${host} is not well, and there is no earlier release to go back to: ${wrong}`);
  const back = (await switchTo(well, params, ssh)) ?? (await whatIsWrong(params, ssh, around));
  const went = back === undefined ? `${well} runs again and is well` : `went back to ${well}, which is not well either: ${back}`;
  around.say(went);
  return refused(`${release} on ${host} was not well (${wrong}); ${went}`);
}

/** A folder's content, or one file. */
const parcel = (source: string): string[] =>
  /\/$|^\.$/.test(source) ? ["-C", source, "."] : ["-C", dirname(source), basename(source)];

/** The link is renamed over the old one, so there is no moment without it. Returns what went wrong. */
async function switchTo(release: string, { folder, start, image }: DeployParams, ssh: Ssh): Promise<string | undefined> {
  const next = `${folder}/.next`;
  const link = `rm -f ${quoted(next)} && ln -s ${quoted(`releases/${release}`)} ${quoted(next)} && mv -T ${quoted(next)} ${quoted(`${folder}/current`)}`;
  if (start === undefined) {
    const linked = await ssh.run(link);
    return linked.exitCode === 0 ? undefined : `current could not be switched: ${lastLine(linked.stderr)}`;
  }
  const ran = await ssh.run(`${link} && ${inCurrent(folder, release, image?.name, start)}`);
  return ran.exitCode === 0
    ? undefined
    : `switching and starting ended with ${ran.exitCode}: ${lastLine(ran.stderr || ran.stdout)}`;
}

const inCurrent = (folder: string, release: string, image: string | undefined, script: string): string =>
  `cd ${quoted(`${folder}/current`)} && export RELEASE=${quoted(release)} ${image === undefined ? "" : `IMAGE=${quoted(image)}`} && ${script}`;

/** Asks until it is well or its time is up. */
async function whatIsWrong({ health, folder, image }: DeployParams, ssh: Ssh, around: Around): Promise<string | undefined> {
  if (health === undefined) return undefined;
  const deadline = performance.now() + health.seconds * 1000;
  for (;;) {
    let wrong: string | undefined;
    if (health.url !== undefined) wrong = await askHealth(health.url, health, around);
    else {
      const ran = await ssh.run(inCurrent(folder, "", image?.name, health.command ?? "false"), { quiet: true });
      wrong =
        ran.exitCode === 0 ? undefined : `the health command ended with ${ran.exitCode}: ${lastLine(ran.stderr || ran.stdout)}`;
    }
    if (wrong === undefined || performance.now() > deadline) return wrong;
    await delay(health.everySeconds * 1000);
  }
}

async function askHealth(
  url: string,
  { expect }: NonNullable<DeployParams["health"]>,
  { settings }: Around,
): Promise<string | undefined> {
  const ownHosts = settings["ownHosts"] as string[];
  const call = {
    url,
    method: "GET",
    headers: { "user-agent": "longhaul" },
    body: undefined,
    timeoutMs: askMs,
    mostBytes: 1024 * 1024,
    ownHosts,
  };
  try {
    return disappointment(expect, await callHttp(call));
  } catch (error) {
    if (error instanceof NoAnswer) return error.message;
    throw error;
  }
}

/** The newest ones stay, and the one that runs in any case. */
const prune = ({ folder, keep }: DeployParams): string =>
  `cd ${quoted(`${folder}/releases`)} && ls -1t | tail -n +${keep + 1} | while read -r old; do [ "releases/$old" = "$(readlink ../current)" ] || rm -rf -- "./$old"; done`;

async function register({ registry, host }: DeployParams, around: Around, release: string): Promise<Result> {
  const done: Result = { status: "succeeded", message: `${release} runs on ${host} and is well`, summary: release };
  if (registry === undefined) return done;
  const ownHosts = around.settings["ownHosts"] as string[];
  let why = "";
  for (let attempt = 1; attempt <= registryTries; attempt += 1) {
    try {
      const answer = await callHttp({
        url: registry.url,
        method: registry.method,
        headers: {
          "user-agent": "longhaul",
          "content-type": "application/json",
          "idempotency-key": `${around.idempotencyKey}-registry`,
          ...registry.headers,
        },
        body: JSON.stringify(registry.json ?? { host, release }),
        timeoutMs: askMs,
        mostBytes: 1024 * 1024,
        ownHosts,
      });
      const wrong = disappointment({}, answer);
      if (wrong === undefined) return { ...done, message: `${done.message}; the registry knows` };
      why = wrong;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      why = error.message;
    }
    if (attempt < registryTries) await delay(1000 * attempt);
  }
  return refused(`${done.message}, but the registry does not know: ${why}`);
}

async function buildImage({ image }: DeployParams, around: Around): Promise<Result | undefined> {
  if (image === undefined) return undefined;
  const engine = around.settings["containerEngine"];
  if (typeof engine !== "string")
    return refused("there is no container engine on this machine: install podman or docker, or leave params.image out");
  const file = image.file === undefined ? [] : ["-f", image.file];
  const build = await runCommand([engine, "build", "-t", image.name, ...file, image.context], {
    cwd: around.folder,
    say: around.say,
  });
  if (build.exitCode !== 0) return failed(`building ${image.name}`, build.stderr || build.stdout);
  if (!image.push) return undefined;
  const push = await runCommand([engine, "push", image.name], { cwd: around.folder, say: around.say });
  return push.exitCode === 0 ? undefined : failed(`pushing ${image.name}`, push.stderr || push.stdout);
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";

/** ssh's own complaints (255): a name or key that is wrong stays wrong, a connection may come back. */
function unreachable(host: string, stderr: string): Result {
  const wrong =
    /Host key verification failed|Permission denied|Could not resolve|no mutual signature|REMOTE HOST IDENTIFICATION/i.test(
      stderr,
    );
  const hint = /Host key verification/.test(stderr) ? " (give params.hostKey, or connect to it once yourself)" : "";
  return {
    status: "failed",
    failureClass: wrong ? "permanent" : "transient",
    message: `${host} cannot be reached over ssh: ${lastLine(stderr)}${hint}`,
  };
}

const refused = (message: string): Result => ({ status: "failed", failureClass: "permanent", message });
const failed = (what: string, stderr: string): Result => ({
  status: "failed",
  failureClass: "transient",
  message: `${what} failed: ${lastLine(stderr)}`,
});
