/**
 * Tasks that are performed by a program of ours under a supervisor (`programs/`): http, data, git, email and the like.
 *
 * Failure story. The supervisor's claim and report decide as for any command, so a kill of the orchestrator neither loses nor repeats one. A
 * program that ended without a result after it had said that it acts (the machine went down, it was killed) may have done what must not be
 * done twice: then a person looks, unless the plan says that it may be repeated.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type CheckedKind, isRepeatable, type ParamsOf, readParams } from "../../plan/task-params.ts";
import { unknownOutcome } from "../domain/unknown-outcome.ts";
import type { NewArtifact, OutsideStore } from "../store/outside.ts";
import { type TaskSecret, usableSecrets } from "../task-secrets.ts";
import { fileNames, readWhole } from "./attempt-files.ts";
import { attemptMark, taskEnvironment } from "./environment.ts";
import type { Assignment, AttemptContext, Executor, Outcome } from "./executor.ts";
import type { Containment } from "./isolation.ts";
import { processLimits } from "./limits.ts";
import { OutputTail } from "./output.ts";
import { createTextFramer } from "./output-text.ts";
import { superviseProcess } from "./process.ts";
import { exitFacts, judgeEnd, lastLines } from "./process-outcome.ts";
import { type Order, programFiles, type Result, secretsVariable } from "./programs/program.ts";
import { redact } from "./redact.ts";
import { BrokenTask, taskFolder } from "./task-folder.ts";

export type ProgramOptions = {
  containment: Containment;
  environment: Readonly<Record<string, string | undefined>>;
  /** Values that must not be recorded. */
  secrets: readonly string[];
  compileCache?: string;
  /** Secrets that plans may use by name. */
  taskSecrets: Readonly<Record<string, TaskSecret>>;
  /** Hosts that the owner named. */
  ownHosts: readonly string[];
  /** Without it nothing is paced and no artifact is listed. */
  outside: Pick<OutsideStore, "admit" | "holdHost" | "keepArtifacts"> | undefined;
  requestsPerMinute: number;
  now(): number;
};

export type ProgramKind<Kind extends CheckedKind> = {
  kind: Kind;
  /** The addresses that it calls: secrets go only to those, and their hosts' pace is kept. */
  addresses(params: ParamsOf<Kind>): readonly string[];
  /** What the node adds; `secret` never reaches the disk. */
  settings?(params: ParamsOf<Kind>, assignment: Assignment): { open?: Record<string, unknown>; secret?: Record<string, string> };
  /** How long it may take when the task does not say. */
  wallSeconds?: number;
  /** Names of the orchestrator's environment that it sees besides the usual ones. */
  passOn?: readonly string[];
};

const entry = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./programs/perform.ts" : "./programs/perform.js", import.meta.url),
);
const eventBytes = 1024 * 1024;
/** Calls of one host may come so close together before the pace holds them. */
const burst = 10;
/** A longer wait than this is made in the queue, not in a slot. */
const patienceSeconds = 10;
const usualWallSeconds = 3600;

export function createProgramExecutor<Kind extends CheckedKind>(program: ProgramKind<Kind>, options: ProgramOptions): Executor {
  const taskSecretValues = Object.values(options.taskSecrets).map(({ value }) => value);
  return {
    kind: program.kind,
    run: async (assignment, context) => ({ isolation: options.containment.report, ...(await run(assignment, context)) }),
  };

  async function run(assignment: Assignment, context: AttemptContext): Promise<Outcome> {
    const { directory, signal } = context;
    const { task } = assignment;
    let prepared: ReturnType<typeof prepare<Kind>>;
    try {
      prepared = prepare(program, options, assignment);
    } catch (error) {
      return { status: "failed", failureClass: "permanent", message: error instanceof Error ? error.message : String(error) };
    }
    const { params, hosts, secret, open } = prepared;
    const secrets = [...options.secrets, ...taskSecretValues, ...Object.values(secret)];
    if (!assignment.adopted && !signal.aborted) {
      const late = await paced(options, hosts, signal);
      if (late !== undefined) return late;
    }
    const logFile = join(directory, fileNames.output);
    const framer = createTextFramer({ capBytes: eventBytes, secrets, logFile });
    const tail = new OutputTail({ path: logFile, offset: context.recordedOffset, record: context.record, framer });
    try {
      const end = await superviseProcess({
        directory,
        mark: attemptMark(assignment),
        adopted: assignment.adopted,
        signal,
        containment: options.containment,
        ...(options.compileCache === undefined ? {} : { compileCache: options.compileCache }),
        async order() {
          const order: Order = {
            kind: program.kind,
            params,
            folder: await taskFolder(assignment),
            workspace: assignment.workspace,
            artifacts: join(directory, programFiles.artifacts),
            idempotencyKey: `longhaul-${assignment.executionId}-${assignment.ordinal}`,
            settings: { ownHosts: options.ownHosts, ...open },
            released: assignment.released.map(({ name }) => name),
            repeatable: isRepeatable(task),
          };
          const file = join(directory, programFiles.order);
          writeFileSync(file, JSON.stringify(order), { mode: 0o600 });
          return {
            argv: [process.execPath, entry, directory],
            cwd: order.folder,
            environment: taskEnvironment(assignment, {
              from: options.environment,
              ...(program.passOn === undefined ? {} : { passOn: program.passOn }),
              set: {
                NODE_NO_WARNINGS: "1",
                [secretsVariable]: JSON.stringify(secret),
                ...(options.compileCache === undefined ? {} : { NODE_COMPILE_CACHE: options.compileCache }),
              },
            }),
            stdin: file,
            separateStderr: false,
            ...processLimits(task, { wallSeconds: program.wallSeconds ?? usualWallSeconds }),
          };
        },
        pump: (ended) => tail.pump(ended),
      });
      const judged = judgeEnd(end);
      if ("outcome" in judged && (judged.outcome.status === "detached" || judged.outcome.status === "cancelled"))
        return judged.outcome;
      const result = readWhole<Result>(directory, programFiles.result);
      if (result !== undefined) return await outcomeOf(result, hosts, assignment, context, options, secrets);
      const bare = "own" in judged ? broken(judged.own, await lastLines(logFile, secrets)) : judged.outcome;
      const began = bare.failureClass === "ambiguous" || existsSync(join(directory, programFiles.acting));
      if (bare.failureClass === "never_started" || isRepeatable(task) || !began) return bare;
      return { ...bare, ...heldForLook(bare.message) };
    } catch (error) {
      if (error instanceof BrokenTask) return { status: "failed", failureClass: "permanent", message: error.message };
      throw error;
    } finally {
      await tail.close();
    }
  }
}

function prepare<Kind extends CheckedKind>(program: ProgramKind<Kind>, options: ProgramOptions, assignment: Assignment) {
  const { task } = assignment;
  const params = readParams(program.kind, task);
  const level = typeof task.isolation === "object" ? task.isolation.level : task.isolation;
  if (level === "sandboxed" || level === "container") {
    throw new Error(
      `task ${task.id} asks to be ${level}: a task of kind ${program.kind} runs Longhaul's own code, which is not; leave isolation out`,
    );
  }
  const addresses = program.addresses(params).map((address) => new URL(address));
  const { open = {}, secret = {} } = program.settings?.(params, assignment) ?? {};
  const asked = usableSecrets(task.id, params, addresses, options);
  return { params, hosts: [...new Set(addresses.map((url) => url.host))], open, secret: { ...asked, ...secret } };
}

/** Takes a place in the pace of each host; an outcome when that is too far off, or when the task was stopped meanwhile. */
async function paced(
  { outside, requestsPerMinute, now }: ProgramOptions,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  if (outside === undefined) return undefined;
  for (const host of hosts) {
    const { admitted, waitMs } = await outside.admit(host, 60 / requestsPerMinute, burst, patienceSeconds);
    if (!admitted) {
      const message = `${host} is called often enough for now (LONGHAUL_HOST_REQUESTS_PER_MINUTE, or it asked for a pause)`;
      return { status: "failed", failureClass: "rate_limit", message, retryAtMs: now() + waitMs };
    }
    if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted)
      return { status: signal.reason === "detach" ? "detached" : "cancelled", message: "stopped before it started" };
  }
  return undefined;
}

async function outcomeOf(
  result: Result,
  hosts: readonly string[],
  assignment: Assignment,
  { directory, onUsage }: AttemptContext,
  { outside, now }: ProgramOptions,
  secrets: readonly string[],
): Promise<Outcome> {
  const clean = (text: string) => redact(text, secrets);
  const folder = join(directory, programFiles.artifacts);
  const files = await Promise.all((result.artifacts ?? []).map((file) => describeArtifact(folder, file)));
  await outside?.keepArtifacts(assignment, files);
  const kept = files.length === 0 ? "" : `\n[kept: ${files.map(({ location }) => location).join(", ")}]`;
  const outcome: Outcome = {
    status: result.status,
    message: clean(result.message),
    summary: clean(`${result.summary ?? result.message}${kept}`),
    ...(result.failureClass === undefined ? {} : { failureClass: result.failureClass }),
    ...(result.usage === undefined ? {} : { usage: result.usage }),
  };
  if (result.usage !== undefined) {
    const { costUsd: usd = 0, inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0 } = result.usage;
    onUsage?.({ usd, tokens: inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens });
  }
  if (result.unknown === true) return { ...outcome, ...heldForLook(outcome.message) };
  if (result.approve !== undefined) {
    const { name, detail } = result.approve;
    const shown = { ...detail, files: files.map(({ location }) => location) };
    return { ...outcome, status: "held", hold: { name, waitFor: "approval", onDone: "continue", detail: shown } };
  }
  if (result.forPerson !== undefined) {
    const detail = { ...result.forPerson, files: files.map(({ location }) => location) };
    return { ...outcome, status: "held", hold: { name: "last-step", waitFor: "human", onDone: "complete", detail } };
  }
  if (result.retryAfterMs === undefined) return outcome;
  for (const host of hosts) await outside?.holdHost(host, result.retryAfterMs / 1000);
  return { ...outcome, retryAtMs: now() + result.retryAfterMs };
}

const heldForLook = (message: string): Pick<Outcome, "status" | "message" | "hold"> => ({
  status: "held",
  message: `Nobody knows whether it happened: ${message}`,
  hold: unknownOutcome(message),
});

function broken(own: Parameters<typeof exitFacts>[0], said: string): Outcome {
  const message = `the program ended without a result: ${said.split("\n").at(-1) ?? ""}`;
  return { status: "failed", failureClass: "transient", message, summary: said, ...exitFacts(own) };
}

/** What is known of a file that a task leaves. */
export async function describeArtifact(
  folder: string,
  { name, mediaType }: { name: string; mediaType: string },
): Promise<NewArtifact> {
  const location = join(folder, name);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(location)) hash.update(chunk as Buffer);
  const { size } = await stat(location);
  return { name, mediaType, bytes: size, digest: `sha256:${hash.digest("hex")}`, location };
}
