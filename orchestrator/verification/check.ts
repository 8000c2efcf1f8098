/**
 * One check: a command that the orchestrator runs itself, and what it saw. It runs on the shell executor, so that it survives the
 * orchestrator, is attached to again and is killed like a task; its directory decides, so running it twice is running it once.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Evidence } from "../api/contract.ts";
import type { TestResult } from "../api/test-result-contract.ts";
import { type ExitReport, fileNames, type Intent, readWhole, writeWhole } from "../executors/attempt-files.ts";
import type { Assignment, Executor, Outcome } from "../executors/executor.ts";
import type { Git } from "../workspace/git.ts";
import { readResult, reportingEnvironment } from "./runners/read-result.ts";
import { said } from "./runners/tally.ts";
import { type TreeState, treeState } from "./tree-state.ts";

export type Check = {
  criterion: string;
  anti: boolean;
  command: string | readonly string[];
  /** Not named by the plan: tests near the change, or all of the project's. */
  discovered?: "touched" | "all";
};
/** `outcome` alone when the check did not come to an end of its own. */
export type Checked = { outcome: Outcome; evidence?: Evidence };
export type CheckOptions = { shell: Executor; git: Git };

const treeFile = "tree.json";
const reportsFile = "reports.json";
const testsFile = "tests.json";

/** @param directory of this check alone; made when missing */
export async function runCheck(
  { shell, git }: CheckOptions,
  assignment: Assignment,
  check: Check,
  { directory, signal }: { directory: string; signal: AbortSignal },
): Promise<Checked> {
  await mkdir(directory, { recursive: true });
  // Kept, because whoever attaches again finds a tree that has gone on since.
  const before = readWhole<TreeState>(directory, treeFile) ?? (await treeState(git, assignment.workspace));
  writeWhole(directory, treeFile, before);
  // A folder that sandboxed commands may write to, and known again after a restart.
  const reports = readWhole<string>(directory, reportsFile) ?? (await mkdtemp(join(tmpdir(), "longhaul-reports-")));
  writeWhole(directory, reportsFile, reports);
  const outcome = await shell.run(
    {
      ...assignment,
      adopted: false,
      environment: { ...assignment.environment, ...reportingEnvironment(reports) },
      task: { ...assignment.task, kind: "shell", params: { command: check.command } },
    },
    { signal, directory, recordedOffset: 0, record: () => Promise.resolve() },
  );
  if (outcome.status === "detached" || outcome.status === "cancelled" || outcome.failureClass === "ambiguous") return { outcome };
  const logFile = join(directory, fileNames.output);
  const intent = readWhole<Intent>(directory, fileNames.intent);
  const exit = readWhole<ExitReport>(directory, fileNames.exit);
  const argv = intent?.argv ?? [check.command].flat();
  const cwd = intent?.cwd ?? assignment.workspace;
  const command = commandOf(check.command);
  const tests =
    readWhole<{ result?: TestResult }>(directory, testsFile)?.result ??
    (await readResult({ command, cwd, logFile, reports, startedMs: exit?.startedMs ?? 0 }));
  writeWhole(directory, testsFile, { result: tests });
  await rm(reports, { recursive: true, force: true });
  const succeeded = outcome.status === "succeeded" && (tests?.passed ?? true);
  const evidence: Evidence = {
    criterion: check.criterion,
    argv,
    cwd,
    exitCode: outcome.exitCode ?? null,
    durationMs: exit === undefined ? 0 : exit.endedMs - exit.startedMs,
    ...before,
    logDigest: await digestOf(logFile),
    logFile,
    result: tests === undefined ? outcome.message : `${outcome.message}; ${said(tests)}`,
    ...(tests === undefined ? {} : { tests }),
    anti: check.anti,
    passed: check.anti ? refutes(outcome) : succeeded,
  };
  return { outcome, evidence };
}

/** What a shell was given, or the words of a command without one. */
export function commandOf(argv: string | readonly string[]): string {
  if (typeof argv === "string") return argv;
  const shell = /(?:^|\/)(?:ba|da|z)?sh$/.test(argv[0] ?? "") && (argv.at(-2) ?? "").startsWith("-");
  return shell ? (argv.at(-1) ?? "") : argv.join(" ");
}

/** What must not be so is refuted by a command that ran and said no, not by one that could not be run. */
const refutes = ({ exitCode }: Outcome) => exitCode !== undefined && exitCode > 0 && exitCode < 126;

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // it wrote nothing
  }
  return `sha256:${hash.digest("hex")}`;
}
