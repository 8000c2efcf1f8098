/**
 * Proof of done: the orchestrator runs the criteria's commands itself, in the task's workspace, and keeps what it saw as an artifact. Nothing
 * that the task printed counts. What fails goes back to the executor (fix-loop.ts); when that does not help, a person is asked.
 */
import type { AttemptRun, AttemptStep } from "../attempt-step.ts";
import type { Assignment, AttemptContext, Outcome } from "../executors/executor.ts";
import type { Engine } from "../store/engine.ts";
import type { VerificationStore } from "../store/verification.ts";
import type { Check } from "./check.ts";
import { discoverChecks, discovers } from "./discovery.ts";
import { fixOnce, iterationDirectory, iterationsFor, sumOf } from "./fix-loop.ts";
import { acceptedName } from "./honesty/honesty.ts";
import type { VerificationPolicy } from "./policy.ts";
import { type ReviewOptions, review, wantsReview } from "./review.ts";
import { superseded, type Verification, type VerifyOptions, verify } from "./verify.ts";

export type VerificationOptions = VerifyOptions &
  ReviewOptions & {
    engine: Pick<Engine, "startVerifying">;
    store: Pick<VerificationStore, "recordEvidence" | "recordFix">;
  };

/** The step that checks what the executor says it has done, by the criteria that carry a command. */
export function verification(options: VerificationOptions): AttemptStep {
  return async (assignment, context, next) => {
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
    const named = checksOf(assignment);
    let checks = named;
    const tried: string[] = [];
    for (let iteration = 0; outcome.status === "succeeded"; iteration += 1) {
      // Only now: what the task touched is known when it is done, and a project may have its tests from the task itself.
      if (named.length === 0 && discovers(assignment, options.policy))
        checks = await discoverChecks(options, assignment, options.policy);
      const reviewed = wantsReview(assignment, options.policy);
      if (checks.length === 0 && !reviewed) return checklist(assignment, outcome, options.policy);
      if (!(await options.engine.startVerifying(assignment))) throw superseded();
      let verified = await verify(options, assignment, context, checks, iteration);
      let judged: Outcome = { ...outcome, evidence: verified.evidence, findings: verified.findings };
      if (verified.status === "passed" && reviewed)
        [verified, judged] = await secondOpinion(options, assignment, context, { verified, judged, iteration, offset });
      if (verified.status === "passed") return checklist(assignment, judged, options.policy);
      if (verified.outcome !== undefined) return { ...judged, ...verified.outcome };
      const insisted = onlyFindings(verified) && verified.message === tried.at(-1);
      tried.push(verified.message);
      if (insisted) return askAboutTests(judged, verified);
      if (iteration >= most) return most === 0 ? failed(judged, verified.message) : askPerson(judged, tried);
      if (!(await options.store.recordFix(assignment, iteration + 1, verified.message))) throw superseded();
      outcome = await again(assignment, context, next, {
        iteration: iteration + 1,
        last: judged,
        findings: verified.report,
        offset,
      });
    }
    return outcome;
  };
}

async function secondOpinion(
  options: VerificationOptions,
  assignment: Assignment,
  context: AttemptContext,
  { verified, judged, iteration, offset }: { verified: Verification; judged: Outcome; iteration: number; offset: number },
): Promise<[Verification, Outcome]> {
  const directory = iterationDirectory(context, iteration);
  const answer = await review(options, { assignment, context, directory }, verified.evidence);
  if ("interrupted" in answer) return [{ ...verified, status: "interrupted", outcome: answer.interrupted }, judged];
  const { verdict, reasons } = answer.review;
  if (answer.isNew)
    await context.record({
      fromOffset: offset,
      toOffset: offset,
      events: [{ type: "task.reviewed", data: { iteration, verdict, reasons } }],
    });
  const usage = sumOf(judged.usage, answer.usage);
  const outcome: Outcome = { ...judged, review: answer.review, ...(usage === undefined ? {} : { usage }) };
  if (verdict !== "reject") return [verified, outcome];
  const message = `a second session rejects the work: ${reasons.split("\n")[0] ?? ""}`.slice(0, 500).toWellFormed();
  return [
    { ...verified, status: "failed", message, report: `Another session has reviewed the work and rejects it:\n${reasons}` },
    outcome,
  ];
}

async function again(assignment: Assignment, context: AttemptContext, next: AttemptRun, step: Parameters<typeof fixOnce>[3]) {
  const outcome = await fixOnce(assignment, context, next, step);
  // A fix that fails leaves the verdict to the checks, as long as it ended by itself.
  const settled = outcome.status === "failed" && outcome.failureClass === "transient" && assignment.task.kind === "shell";
  return settled ? { ...outcome, status: "succeeded" as const } : outcome;
}

const failed = (outcome: Outcome, message: string): Outcome => ({
  ...outcome,
  status: "failed",
  failureClass: "verification",
  message: `verification failed: ${message}`,
});

/** Everything passes, and the tests are not what they were: sent back once, and they still are not. */
const onlyFindings = ({ evidence, findings }: Verification) => findings.length > 0 && evidence.every((one) => one.passed);

function askAboutTests(outcome: Outcome, { findings, message }: Verification): Outcome {
  const detail = {
    question:
      "All checks pass, but the tests were changed so that they say less. `done` accepts the changes; else cancel or retry the task.",
    findings: findings.slice(0, 20),
  };
  return { ...outcome, status: "held", message, hold: { name: acceptedName, waitFor: "human", onDone: "complete", detail } };
}

function askPerson(outcome: Outcome, tried: string[]): Outcome {
  const fixes = tried.length - 1;
  const message = `the checks still fail after ${fixes} ${fixes === 1 ? "fix" : "fixes"}: ${tried.at(-1) ?? ""}`;
  const detail = {
    question: "Look at what was tried, put it right or change the checks; `done` runs the task again.",
    tried: tried.map((found, index) => ({ iteration: index, found })),
  };
  return { ...outcome, status: "held", message, hold: { name: "fix", waitFor: "human", onDone: "continue", detail } };
}

/** Criteria that nothing has checked are gone through by a person, once. */
function checklist({ task, released }: Assignment, outcome: Outcome, policy: VerificationPolicy): Outcome {
  const manual = task.verification.filter(
    ({ test, status }) => test === "manual" && (status === "pending" || status === "in_progress"),
  );
  const tested = outcome.evidence?.some((one) => one.passed) ?? false;
  const answered = released.some(({ name }) => name === checklistName);
  if (manual.length === 0 || tested || answered || policy.checklists === "skip" || !asksFor(task)) return outcome;
  const detail = {
    question: "No test can check this task. Go through the list; `done` says that all of it is so.",
    checklist: manual.map(({ criterion, anti, expected }) => ({
      criterion: anti ? `Not: ${criterion}` : criterion,
      ...(expected === undefined ? {} : { expected }),
    })),
  };
  const message = `${manual.length} ${manual.length === 1 ? "criterion" : "criteria"} to be checked by a person: ${manual[0]?.criterion ?? ""}`;
  return { ...outcome, status: "held", message, hold: { name: checklistName, waitFor: "human", onDone: "complete", detail } };
}

const checklistName = "checklist";

/** What a session says about its own work proves nothing; what a command of the plan did, its exit code says. */
const asksFor = (task: Assignment["task"]) =>
  task.kind === "claude" || (task.kind === "shell" && task.automation === "SEMI_AUTO");

function checksOf({ task }: Assignment): Check[] {
  return task.verification.flatMap(({ test, command, criterion, anti }) =>
    test === "auto" && command !== undefined ? [{ criterion, anti, command }] : [],
  );
}
