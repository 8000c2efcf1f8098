/** Whether the tests that a task passes are the ones it was given: compared with the files from before its first attempt. */
import type { Evidence } from "../../api/contract.ts";
import type { Finding } from "../../api/test-result-contract.ts";
import type { Assignment, AttemptContext } from "../../executors/executor.ts";
import type { FindBaseline } from "../../workspace/baseline.ts";
import { GitError } from "../../workspace/git.ts";
import { type Check, type CheckOptions, commandOf } from "../check.ts";
import { runnersOf } from "../runners/recognise.ts";
import { provesNothing } from "./base-run.ts";
import { type Changes, withChanges } from "./changes.ts";
import type { TaskWords } from "./finding.ts";
import { judge } from "./judge.ts";

export type HonestyOptions = CheckOptions & { baseline: FindBaseline; onError(error: unknown, doing: string): void };
export type CheckedOnce = { check: Check; evidence: Evidence };

/** The name under which a person accepts what was found. */
export const acceptedName = "changed tests";

/** @returns what was found, or nothing where there is no checkpoint to compare with, or a person has accepted it */
export async function findingsOf(
  options: HonestyOptions,
  step: { assignment: Assignment; context: AttemptContext; directory: string },
  checked: readonly CheckedOnce[],
): Promise<Finding[]> {
  const { assignment } = step;
  if (assignment.released.some(({ name }) => name === acceptedName)) return [];
  const allowed = new Set(assignment.task.allowTestChanges);
  const otherRun = allowed.has("another-run") ? [] : await anotherRun(options, assignment, checked);
  try {
    const baseline = await options.baseline(assignment);
    if (baseline === undefined) return otherRun;
    const find = async (changes: Changes): Promise<Finding[]> => {
      const found = judge(changes.before, changes.after, wordsOf(assignment));
      const passed = checked.every(({ evidence }) => evidence.passed);
      const proof = passed && !allowed.has("proves-nothing") ? await provesNothing(options, step, changes, checked) : [];
      return [...found, ...proof];
    };
    return [...otherRun, ...(await withChanges(options.git, baseline, find))];
  } catch (error) {
    // Without git's answer the checks themselves still count; what is wrong with the repository shows elsewhere, too.
    if (!(error instanceof GitError)) throw error;
    options.onError(error, `compare the tests of ${assignment.taskId} with those from before`);
    return otherRun;
  }
}

function wordsOf({ task }: Assignment): TaskWords {
  const said = [task.params["prompt"], task.params["command"], task.params["instructions"]].filter(
    (one) => typeof one === "string",
  );
  const text = [
    task.title,
    task.description,
    ...task.steps.map((step) => step.text),
    ...task.verification.map((one) => one.criterion),
    ...said,
  ];
  return { text: text.join("\n"), allowed: task.allowTestChanges, deletes: task.files.delete };
}

/** Ways to start a runner in which it runs nothing, or says nothing. */
const quiet =
  /--version|--help|--no-run|--collect-only|--co\b|--listTests|--list\b|\bbench\b|typecheck|>|--silent|-s\b|-qq|\|\s*\w/;

async function anotherRun({ git }: CheckOptions, assignment: Assignment, checked: readonly CheckedOnce[]): Promise<Finding[]> {
  const found: Finding[] = [];
  const [first] = checked;
  const head = await git.run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], {
    cwd: assignment.workspace,
    accept: [0, 1, 128],
  });
  const now = head.code === 0 ? head.stdout.toString().trim() : null;
  // Tasks that share a workspace may commit meanwhile: only a check that uses git can have moved it.
  const usesGit = checked.some(({ check }) => /\bgit\b/.test(commandOf(check.command)));
  if (usesGit && first !== undefined && first.evidence.commit !== null && first.evidence.commit !== now) {
    const message = `the checks began on commit ${first.evidence.commit.slice(0, 12)} and ended on ${now?.slice(0, 12) ?? "none"}: they say nothing about the work`;
    found.push({ kind: "another-run", file: "HEAD", message });
  }
  for (const { check, evidence } of checked) {
    const command = commandOf(check.command);
    if (check.anti || !evidence.passed || evidence.tests !== undefined || quiet.test(command)) continue;
    const [runner] = await runnersOf(command, evidence.cwd);
    if (runner === undefined) continue;
    const message = `'${command}' ended well, and nothing in its output shows that ${runner} ran a test`;
    found.push({ kind: "another-run", file: command, message });
  }
  return found;
}
