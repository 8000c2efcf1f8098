/** One round of verification: every check is run, then the tests are compared with those from before; what was seen is kept. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Evidence } from "../api/contract.ts";
import type { Finding } from "../api/test-result-contract.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Assignment, AttemptContext, Outcome } from "../executors/executor.ts";
import type { VerificationStore } from "../store/verification.ts";
import { type Check, commandOf, runCheck } from "./check.ts";
import { failedBefore } from "./discovery.ts";
import { iterationDirectory } from "./fix-loop.ts";
import { type CheckedOnce, findingsOf, type HonestyOptions } from "./honesty/honesty.ts";

export type Verification = {
  status: "passed" | "failed" | "interrupted";
  evidence: Evidence[];
  /** What makes tests say less than before the task. */
  findings: Finding[];
  /** What failed, in one line, and all that whoever has to put it right should know. */
  message: string;
  report: string;
  /** Of the check that was interrupted. */
  outcome?: Outcome;
};

export type VerifyOptions = HonestyOptions & { store: Pick<VerificationStore, "recordEvidence"> };

const longestReport = 4_000;
const evidenceFile = "evidence.json";
const findingsFile = "findings.json";

export const superseded = () => new LonghaulError("conflict", "the attempt was superseded");

/** Checks run one after the other; all of them run, so that the evidence is complete. */
export async function verify(
  options: VerifyOptions,
  assignment: Assignment,
  context: AttemptContext,
  checks: readonly Check[],
  iteration: number,
): Promise<Verification> {
  const root = iterationDirectory(context, iteration);
  const checked: CheckedOnce[] = [];
  const messages: string[] = [];
  const reports: string[] = [];
  const evidence = () => checked.map((one) => one.evidence);
  for (const [index, check] of checks.entries()) {
    const directory = join(root, `verify-${index + 1}`);
    const { outcome, evidence: seen } = await runCheck(options, assignment, check, { directory, signal: context.signal });
    if (seen === undefined)
      return { status: "interrupted", evidence: evidence(), findings: [], message: "", report: "", outcome };
    const excused =
      check.discovered !== undefined && !seen.passed
        ? await failedBefore(options, { assignment, context, directory: join(root, `before-${index + 1}`) }, check, seen)
        : false;
    const judged = excused ? { ...seen, result: `${seen.result}; it failed in the same way before the task` } : seen;
    checked.push({ check, evidence: judged });
    if (seen.passed || excused) continue;
    const what = commandOf(check.command);
    messages.push(`${what}: ${seen.result}`);
    reports.push(`$ ${what}\n${seen.result}\n${(outcome.summary ?? "").slice(-longestReport).toWellFormed()}`);
    if (check.discovered === "touched") break; // the whole suite has the same failures, and takes its time
  }
  const findings = await findingsOf(options, { assignment, context, directory: root }, checked);
  if (findings.length > 0) {
    messages.push(
      `the tests say less than before: ${findings.map((one) => one.message).join("; ")}`.slice(0, 2_000).toWellFormed(),
    );
    reports.push(reportOf(findings));
  }
  await keep(options, assignment, { root, iteration, evidence: evidence(), findings });
  const status = messages.length === 0 ? "passed" : "failed";
  return { status, evidence: evidence(), findings, message: messages.join("; "), report: reports.join("\n\n") };
}

const reportOf = (findings: readonly Finding[]): string =>
  [
    "The tests say less than they did before this task. Put them back as they were, and make the code pass them:",
    ...findings.slice(0, 20).map(({ kind, file, message }) => `- ${file}: ${message} (${kind})`),
    "Where the task cannot be done without that, say so in your answer: a person then decides. The plan can allow it, too (allowTestChanges).",
  ].join("\n");

async function keep(
  options: VerifyOptions,
  assignment: Assignment,
  { root, iteration, evidence, findings }: { root: string; iteration: number; evidence: Evidence[]; findings: Finding[] },
): Promise<void> {
  await mkdir(root, { recursive: true });
  if (findings.length > 0) await writeFile(join(root, findingsFile), `${JSON.stringify(findings, null, 2)}\n`, { mode: 0o600 });
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
  const found = findings.length === 0 ? {} : { findings: findings.slice(0, 20) };
  if (!(await options.store.recordEvidence(assignment, file, { iteration, passed, total: evidence.length, ...found })))
    throw superseded();
}
