/**
 * Proof of done: the orchestrator runs the criteria's commands itself, in the task's workspace, and keeps what it saw. Nothing that the
 * task printed counts.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Criterion } from "../../plan/model.ts";
import type { Evidence } from "../api/contract.ts";
import type { AttemptStep } from "../attempt-step.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Assignment, AttemptContext, Executor, Outcome } from "../executors/executor.ts";
import type { Engine } from "../store/engine.ts";

type Verification = {
  status: "passed" | "failed" | "interrupted";
  evidence: Evidence[];
  /** What to put over the executor's own outcome when the status is not `passed`. */
  outcome: Outcome;
};
type VerifyTask = (assignment: Assignment, context: AttemptContext, checks: Criterion[]) => Promise<Verification>;

/** The step that checks what the executor says it has done, by the criteria that carry a command. */
export function verification(options: { engine: Pick<Engine, "startVerifying">; shell: Executor; now(): number }): AttemptStep {
  const verify = createVerifier(options.shell, options.now);
  return async (assignment, context, next) => {
    const outcome = await next(assignment, context);
    const checks = assignment.task.verification.filter(
      (criterion) => criterion.test === "auto" && criterion.command !== undefined,
    );
    if (outcome.status !== "succeeded" || checks.length === 0) return outcome;
    if (!(await options.engine.startVerifying(assignment))) throw new LonghaulError("conflict", "the attempt was superseded");
    const verified = await verify(assignment, context, checks);
    return { ...outcome, ...(verified.status === "passed" ? {} : verified.outcome), evidence: verified.evidence };
  };
}

/**
 * Builds the verifier on the shell executor, so that a check survives the orchestrator, is attached to again and is killed like a task.
 * Checks run one after the other; all of them run, so that the evidence is complete.
 */
function createVerifier(shell: Executor, now: () => number): VerifyTask {
  return async (assignment, context, checks) => {
    const evidence: Evidence[] = [];
    const failed: string[] = [];
    for (const [index, check] of checks.entries()) {
      const directory = join(context.directory, `verify-${index + 1}`);
      await mkdir(directory, { recursive: true });
      const startedMs = now();
      const outcome = await shell.run(
        { ...assignment, adopted: false, task: { ...assignment.task, kind: "shell", params: { command: check.command } } },
        { signal: context.signal, directory, recordedOffset: 0, record: () => Promise.resolve() },
      );
      if (outcome.status === "detached" || outcome.status === "cancelled" || outcome.failureClass === "ambiguous") {
        return { status: "interrupted", evidence, outcome };
      }
      const logFile = join(directory, "output.log");
      const log = await readFile(logFile).catch(() => Buffer.alloc(0));
      const passed = (outcome.status === "succeeded") !== check.anti;
      evidence.push({
        criterion: check.criterion,
        argv: ["sh", "-c", check.command ?? ""],
        cwd: assignment.workspace,
        exitCode: outcome.exitCode ?? null,
        durationMs: now() - startedMs,
        logDigest: `sha256:${createHash("sha256").update(log).digest("hex")}`,
        logFile,
        passed,
      });
      if (!passed) failed.push(`${check.command ?? check.criterion}: ${outcome.message}`);
    }
    if (failed.length === 0) return { status: "passed", evidence, outcome: { status: "succeeded", message: "verified" } };
    return {
      status: "failed",
      evidence,
      outcome: { status: "failed", failureClass: "verification", message: `verification failed: ${failed.join("; ")}` },
    };
  };
}
