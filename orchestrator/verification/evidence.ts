/**
 * Proof of done: the orchestrator runs the criteria's commands itself, in the task's workspace, and keeps what it saw as an artifact. Nothing
 * that the task printed counts. What fails goes back to the executor (fix-loop.ts); when that does not help, a person is asked.
 */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Evidence } from "../api/contract.ts";
import type { AttemptRun, AttemptStep } from "../attempt-step.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Assignment, AttemptContext, Outcome } from "../executors/executor.ts";
import type { Engine } from "../store/engine.ts";
import type { VerificationStore } from "../store/verification.ts";
import { type Check, type CheckOptions, runCheck } from "./check.ts";
import { fixOnce, iterationDirectory, iterationsFor } from "./fix-loop.ts";

type Verification = {
  status: "passed" | "failed" | "interrupted";
  evidence: Evidence[];
  /** What failed, in one line, and what the failed checks printed last. */
  message: string;
  findings: string;
  /** Of the check that was interrupted. */
  outcome?: Outcome;
};

export type VerificationOptions = CheckOptions & {
  engine: Pick<Engine, "startVerifying">;
  store: Pick<VerificationStore, "recordEvidence" | "recordFix">;
};

const longestFinding = 4_000;
const evidenceFile = "evidence.json";

/** The step that checks what the executor says it has done, by the criteria that carry a command. */
export function verification(options: VerificationOptions): AttemptStep {
  return async (assignment, context, next) => {
    const checks = checksOf(assignment);
    if (checks.length === 0) return next(assignment, context);
    let offset = context.recordedOffset;
    const watched: AttemptContext = {
      ...context,
      async record(entry) {
        await context.record(entry);
        offset = entry.toOffset;
      },
    };
    const most = iterationsFor(assignment);
    let outcome = await next(assignment, watched);
    const tried: string[] = [];
    for (let iteration = 0; outcome.status === "succeeded"; iteration += 1) {
      if (!(await options.engine.startVerifying(assignment))) throw superseded();
      const verified = await verify(options, assignment, context, checks, iteration);
      const judged = { ...outcome, evidence: verified.evidence };
      if (verified.status === "passed") return judged;
      if (verified.outcome !== undefined) return { ...judged, ...verified.outcome };
      tried.push(verified.message);
      if (iteration >= most) return most === 0 ? failed(judged, verified.message) : askPerson(judged, tried);
      if (!(await options.store.recordFix(assignment, iteration + 1, verified.message))) throw superseded();
      outcome = await again(assignment, context, next, {
        iteration: iteration + 1,
        last: judged,
        findings: verified.findings,
        offset,
      });
    }
    return outcome;
  };
}

async function again(assignment: Assignment, context: AttemptContext, next: AttemptRun, step: Parameters<typeof fixOnce>[3]) {
  const outcome = await fixOnce(assignment, context, next, step);
  // A fix that fails leaves the verdict to the checks, as long as it ended by itself.
  const settled = outcome.status === "failed" && outcome.failureClass === "transient" && assignment.task.kind === "shell";
  return settled ? { ...outcome, status: "succeeded" as const } : outcome;
}

const superseded = () => new LonghaulError("conflict", "the attempt was superseded");

const failed = (outcome: Outcome, message: string): Outcome => ({
  ...outcome,
  status: "failed",
  failureClass: "verification",
  message: `verification failed: ${message}`,
});

function askPerson(outcome: Outcome, tried: string[]): Outcome {
  const fixes = tried.length - 1;
  const message = `the checks still fail after ${fixes} ${fixes === 1 ? "fix" : "fixes"}: ${tried.at(-1) ?? ""}`;
  const detail = {
    question: "Look at what was tried, put it right or change the checks; `done` runs the task again.",
    tried: tried.map((found, index) => ({ iteration: index, found })),
  };
  return { ...outcome, status: "held", message, hold: { name: "fix", waitFor: "human", onDone: "continue", detail } };
}

function checksOf({ task }: Assignment): Check[] {
  return task.verification.flatMap(({ test, command, criterion, anti }) =>
    test === "auto" && command !== undefined ? [{ criterion, anti, command }] : [],
  );
}

/** Checks run one after the other; all of them run, so that the evidence is complete. */
async function verify(
  options: VerificationOptions,
  assignment: Assignment,
  context: AttemptContext,
  checks: Check[],
  iteration: number,
): Promise<Verification> {
  const root = iterationDirectory(context, iteration);
  const evidence: Evidence[] = [];
  const messages: string[] = [];
  const findings: string[] = [];
  for (const [index, check] of checks.entries()) {
    const directory = join(root, `verify-${index + 1}`);
    const checked = await runCheck(options, assignment, check, { directory, signal: context.signal });
    if (checked.evidence === undefined)
      return { status: "interrupted", evidence, message: "", findings: "", outcome: checked.outcome };
    evidence.push(checked.evidence);
    if (checked.evidence.passed) continue;
    const what = typeof check.command === "string" ? check.command : check.command.join(" ");
    messages.push(`${what}: ${checked.evidence.result}`);
    findings.push(
      `$ ${what}\n${checked.evidence.result}\n${(checked.outcome.summary ?? "").slice(-longestFinding).toWellFormed()}`,
    );
  }
  const status = messages.length === 0 ? "passed" : "failed";
  await keep(options, assignment, root, iteration, evidence);
  return { status, evidence, message: messages.join("; "), findings: findings.join("\n\n") };
}

async function keep(options: VerificationOptions, assignment: Assignment, root: string, iteration: number, evidence: Evidence[]) {
  const content = `${JSON.stringify(evidence, null, 2)}\n`;
  const location = join(root, evidenceFile);
  await writeFile(location, content, { mode: 0o600 });
  const file = {
    name: iteration === 0 ? evidenceFile : `fix-${iteration}/${evidenceFile}`,
    bytes: Buffer.byteLength(content),
    digest: `sha256:${createHash("sha256").update(content).digest("hex")}`,
    location,
  };
  const passed = evidence.filter((one) => one.passed).length;
  if (!(await options.store.recordEvidence(assignment, file, { iteration, passed, total: evidence.length }))) throw superseded();
}
