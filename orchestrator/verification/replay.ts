/** Runs the checks of a task once more, exactly as the evidence says they were run, and compares. Changes nothing of the execution. */
import { randomUUID } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Task } from "../../plan/model.ts";
import type { Evidence } from "../api/contract.ts";
import type { ReplayAnswer } from "../api/verification-contract.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Assignment } from "../executors/executor.ts";
import type { VerificationStore } from "../store/verification.ts";
import { type CheckOptions, runCheck } from "./check.ts";

export type ReplayOptions = CheckOptions & {
  store: Pick<VerificationStore, "checkedTask">;
  /** Folder for the output of replays; each is removed when it was compared. */
  directory: string;
};

/** @throws LonghaulError not_found for an unknown task, conflict for one without evidence or whose folder is gone */
export async function replay(options: ReplayOptions, executionId: string, taskId: string): Promise<ReplayAnswer> {
  const { evidence, workspace } = await options.store.checkedTask(executionId, taskId);
  if (evidence.length === 0) {
    throw new LonghaulError("conflict", `Task ${taskId} has no evidence to run again`, {
      hint: "Only tasks whose checks (Verify: `command`) have been run have some.",
    });
  }
  const checks = [];
  for (const before of evidence) checks.push(await once(options, { executionId, taskId, workspace }, before));
  return {
    executionId,
    taskId,
    reproduced: checks.every((check) => check.same),
    passed: checks.every((check) => check.now.passed),
    checks,
  };
}

async function once(
  options: ReplayOptions,
  { executionId, taskId, workspace }: { executionId: string; taskId: string; workspace: string },
  before: Evidence,
): Promise<ReplayAnswer["checks"][number]> {
  // The worktree of a task is gone once its work has landed: then it is the workspace that holds it.
  const folder = await stat(before.cwd).then(
    () => before.cwd,
    () => workspace,
  );
  const id = `replay-${randomUUID()}`;
  const directory = join(options.directory, id);
  const assignment: Assignment = {
    executionId: id,
    ordinal: 0,
    taskId,
    attempt: 0,
    fence: 0,
    task: Task.parse({ id: taskId, displayId: taskId, title: `Replay of ${executionId}`, kind: "shell" }),
    workspace: folder,
    planTitle: "",
    conversationId: "",
    inputs: [],
    adopted: false,
    released: [],
  };
  const check = { criterion: before.criterion, anti: before.anti, command: before.argv };
  try {
    const { evidence: now, outcome } = await runCheck(options, assignment, check, {
      directory,
      signal: new AbortController().signal,
    });
    if (now === undefined) throw new LonghaulError("conflict", `The check could not be run to its end: ${outcome.message}`);
    return {
      before,
      now: { ...now, logFile: "" },
      same: now.passed === before.passed && now.exitCode === before.exitCode,
      sameTree: now.tree === before.tree,
      sameLog: now.logDigest === before.logDigest,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
