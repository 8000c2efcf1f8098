/** Tasks of kind `shell`: a command in the workspace. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileNames } from "./attempt-files.ts";
import { attemptMark, taskEnvironment } from "./environment.ts";
import type { Assignment, Executor, Outcome } from "./executor.ts";
import { explainSandbox, holdTask } from "./hold-task.ts";
import type { Containment } from "./isolation.ts";
import type { Confine } from "./isolation-levels.ts";
import { type LimitDefaults, processLimits } from "./limits.ts";
import { OutputTail } from "./output.ts";
import { createTextFramer } from "./output-text.ts";
import { superviseProcess } from "./process.ts";
import { exitFacts, judgeEnd, lastLines, type OwnEnd } from "./process-outcome.ts";
import { BrokenTask, taskFolder } from "./task-folder.ts";

export type ShellOptions = {
  containment: Containment;
  /** Chooses per task; without it every task gets `containment`. */
  confine?: Confine;
  /** Where the allowed variables of a task's environment come from. */
  environment: Readonly<Record<string, string | undefined>>;
  /** Names that tasks may see besides the usual ones. */
  passOn?: readonly string[];
  /** Values that must not be recorded. */
  secrets?: readonly string[];
  compileCache?: string;
  limits?: LimitDefaults;
  /** Bytes of output that become events, 1 MB by default. */
  eventBytes?: number;
};

const defaultEventBytes = 1024 * 1024;
const shell = existsSync("/bin/bash") || existsSync("/usr/bin/bash") ? ["bash", "-euo", "pipefail", "-c"] : ["sh", "-eu", "-c"];

/** What an image has is known only inside it. */
const shellOfImage = [
  "sh",
  "-c",
  'if command -v bash >/dev/null 2>&1; then exec bash -euo pipefail -c "$0"; else exec sh -eu -c "$0"; fi',
];

/**
 * Runs `params.command`: a text through the shell, with errors not ignored, or a list as it is. `params.cwd` is a folder inside the
 * workspace, `params.env` further variables.
 *
 * A command that exits with another code than 0 is `transient`: most of what plans run depends on networks, ports and other programs, so
 * it is worth the retries its policy allows. 126 and 127 (cannot be executed, not found) are `permanent`.
 */
export function createShellExecutor(options: ShellOptions): Executor {
  const secrets = options.secrets ?? [];
  return {
    kind: "shell",
    async run(assignment, context) {
      const logFile = join(context.directory, fileNames.output);
      const framer = createTextFramer({ capBytes: options.eventBytes ?? defaultEventBytes, secrets, logFile });
      const tail = new OutputTail({ path: logFile, offset: context.recordedOffset, record: context.record, framer });
      try {
        const { containment, announced, isolation } = await holdTask(assignment, context, options, false);
        const end = await superviseProcess({
          directory: context.directory,
          mark: attemptMark(assignment),
          adopted: assignment.adopted,
          signal: context.signal,
          containment,
          ...(options.compileCache === undefined ? {} : { compileCache: options.compileCache }),
          order: async () => ({
            argv: argvOf(assignment, isolation?.level === "container" ? shellOfImage : shell),
            cwd: await taskFolder(assignment),
            environment: taskEnvironment(assignment, {
              from: options.environment,
              ...(options.passOn === undefined ? {} : { passOn: options.passOn }),
              set: variablesOf(assignment),
            }),
            stdin: null,
            separateStderr: false,
            ...processLimits(assignment.task, options.limits),
          }),
          pump: async (ended) => {
            await announced;
            await tail.pump(ended);
          },
        });
        const judged = judgeEnd(end);
        const outcome = "own" in judged ? outcomeOf(judged.own) : judged.outcome;
        if (outcome.status === "detached") return outcome;
        const summary = await lastLines(logFile, secrets);
        return { ...explainSandbox(outcome, isolation, summary), summary };
      } catch (error) {
        if (error instanceof BrokenTask) return { status: "failed", failureClass: "permanent", message: error.message };
        throw error;
      } finally {
        await tail.close();
      }
    },
  };
}

function outcomeOf(own: OwnEnd): Outcome {
  const facts = exitFacts(own);
  if (own.exitCode === 0) return { status: "succeeded", message: "exited with code 0", ...facts };
  if (own.signal !== null)
    return { status: "failed", failureClass: "transient", message: `was ended by ${own.signal}`, ...facts };
  if (own.exitCode === 127)
    return { status: "failed", failureClass: "permanent", message: "command not found (exit code 127)", ...facts };
  if (own.exitCode === 126)
    return { status: "failed", failureClass: "permanent", message: "command cannot be executed (exit code 126)", ...facts };
  return { status: "failed", failureClass: "transient", message: `exited with code ${own.exitCode}`, ...facts };
}

function argvOf({ task }: Assignment, through: readonly string[]): string[] {
  const { command } = task.params;
  if (typeof command === "string" && command.trim() !== "") return [...through, command];
  if (Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === "string")) return command;
  throw new BrokenTask(
    `task ${task.id} has no command: params.command must be a text or a list of texts, it is ${JSON.stringify(command)}`,
  );
}

function variablesOf({ task }: Assignment): Record<string, string> {
  const { env = {} } = task.params;
  const entries = typeof env === "object" && env !== null && !Array.isArray(env) ? Object.entries(env) : undefined;
  if (entries === undefined || entries.some(([, value]) => typeof value !== "string" && typeof value !== "number")) {
    throw new BrokenTask(`params.env of task ${task.id} must map names to texts`);
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
