/** One look at the condition of a `wait` task. Looking changes nothing, so it may be done again at any time. */
import { mkdir, readFile, realpath, stat } from "node:fs/promises";
import { isAbsolute, relative, resolve } from "node:path";
import type { WaitParams } from "../../plan/params/wait.ts";
import { type TaskSecret, usableSecrets, withSecrets } from "../task-secrets.ts";
import type { Assignment, Executor, Outcome } from "./executor.ts";
import { callHttp, disappointment, NoAnswer } from "./http-request.ts";

/** `what` says in a few words how it stands. */
export type Look = { met: boolean; what: string } | { stopped: Outcome };

export type LookOptions = {
  shell: Executor;
  taskSecrets: Readonly<Record<string, TaskSecret>>;
  ownHosts: readonly string[];
};

export const lookSeconds = 30;
const mostBytes = 1024 * 1024;

/**
 * @param waitedSeconds since the wait began; @param directory for what a command leaves
 * @throws Error when no look could ever find it met
 */
export async function lookOnce(
  params: WaitParams,
  waitedSeconds: number,
  assignment: Assignment,
  how: { directory: string; signal: AbortSignal },
  options: LookOptions,
): Promise<Look> {
  if (params.seconds !== undefined) return { met: waitedSeconds >= params.seconds, what: `${params.seconds} s` };
  if (params.file !== undefined) return lookAtFile(assignment.workspace, params.file, params.contains);
  if (params.url !== undefined) return lookAtUrl(params.url, params, assignment.taskId, options);
  await mkdir(how.directory, { recursive: true });
  const { cwd, env, command } = params;
  const outcome = await options.shell.run(
    {
      ...assignment,
      task: {
        ...assignment.task,
        kind: "shell",
        params: { command, ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) },
        limits: { wallSeconds: lookSeconds, ...assignment.task.limits },
      },
    },
    { ...how, recordedOffset: 0, record: () => Promise.resolve() },
  );
  if (outcome.status === "detached" || outcome.status === "cancelled") return { stopped: outcome };
  if (outcome.failureClass === "permanent") throw new Error(outcome.message);
  return { met: outcome.status === "succeeded", what: outcome.message };
}

async function lookAtFile(workspace: string, path: string, contains: string | undefined): Promise<Look> {
  const root = await realpath(workspace);
  const file = await realpath(resolve(root, path)).catch(() => undefined);
  if (file === undefined) return { met: false, what: `${path} is not there` };
  const way = relative(root, file);
  if (way.startsWith("..") || isAbsolute(way)) throw new Error(`${path} leads out of the workspace`);
  if (contains === undefined) return { met: true, what: `${path} is there` };
  const { size } = await stat(file);
  if (size > mostBytes) throw new Error(`${path} has ${size} bytes, too many to look through`);
  const met = (await readFile(file, "utf8")).includes(contains);
  return { met, what: `${path} ${met ? "holds" : "does not hold"} ${JSON.stringify(contains)}` };
}

async function lookAtUrl(address: string, params: WaitParams, taskId: string, options: LookOptions): Promise<Look> {
  const secrets = usableSecrets(taskId, params, [new URL(address)], options);
  const { url, headers, expect } = withSecrets({ url: address, headers: params.headers, expect: params.expect }, secrets);
  try {
    const answer = await callHttp({
      url,
      method: "GET",
      headers: { "user-agent": "longhaul", accept: "*/*", ...headers },
      body: undefined,
      timeoutMs: lookSeconds * 1000,
      mostBytes,
      ownHosts: options.ownHosts,
    });
    const wrong = disappointment(expect, answer);
    return { met: wrong === undefined, what: wrong ?? `answered ${answer.status}` };
  } catch (error) {
    if (error instanceof NoAnswer && !error.permanent) return { met: false, what: error.message };
    throw error;
  }
}
