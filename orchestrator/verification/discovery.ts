/**
 * Checks of a task that names none: the tests of what it touched, then all tests of its project. A suite that failed in the same way before
 * the task says nothing about the task.
 */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Evidence } from "../api/contract.ts";
import type { Assignment, AttemptContext } from "../executors/executor.ts";
import { GitError } from "../workspace/git.ts";
import { type Check, runCheck } from "./check.ts";
import { layOut } from "./honesty/base-run.ts";
import { type Changes, withChanges } from "./honesty/changes.ts";
import { looksLikeTest } from "./honesty/glob.ts";
import type { HonestyOptions } from "./honesty/honesty.ts";
import type { VerificationPolicy } from "./policy.ts";
import { type ProjectTests, projectTests } from "./project-tests.ts";

const mostFiles = 20;

/** Sessions change sources; what a command of the plan does is checked by what the plan says. */
export const discovers = (assignment: Assignment, policy: VerificationPolicy): boolean =>
  policy.tests !== "none" && assignment.task.kind === "claude" && assignment.task.role === "work";

/** Those near the change come first; when they fail the others need not run. */
export async function discoverChecks(
  options: HonestyOptions,
  assignment: Assignment,
  policy: VerificationPolicy,
): Promise<Check[]> {
  const projects = await projectTests(assignment.workspace);
  if (projects.length === 0) return [];
  const near = (await changed(options, assignment, (changes) => Promise.resolve(nearTests(changes, assignment)))) ?? [];
  return projects.flatMap((project) => [...touched(project, near), ...whole(project, policy)]);
}

function touched(project: ProjectTests, near: readonly string[]): Check[] {
  const command = near.length === 0 ? undefined : project.some(near);
  return command === undefined
    ? []
    : [{ criterion: `The tests near the change pass (${project.name})`, anti: false, command, discovered: "touched" }];
}

const whole = (project: ProjectTests, policy: VerificationPolicy): Check[] =>
  policy.tests === "touched"
    ? []
    : [{ criterion: `The project's tests pass (${project.name})`, anti: false, command: project.all, discovered: "all" }];

/** Tests that the task changed, that are named like a file it changed, or like the task itself. */
function nearTests({ after, before, baseline }: Changes, { task }: Assignment): string[] {
  const files = new Set([...after.changed.keys(), ...before.changed.keys()]);
  const stems = [...files].filter((path) => !looksLikeTest(path)).map(stemOf);
  const words = new Set(task.title.toLowerCase().match(/[\p{L}\d]{4,}/gu) ?? []);
  const inside = baseline.inside === "" ? "" : `${baseline.inside}/`;
  const isNear = (path: string) => {
    const stem = stemOf(path);
    return files.has(path) || stems.includes(stem) || stem.split(/[-_.]/).some((part) => words.has(part));
  };
  const near = after.paths.filter((path) => path.startsWith(inside) && looksLikeTest(path) && isNear(path));
  return near
    .toSorted((one, other) => Number(files.has(other)) - Number(files.has(one)))
    .slice(0, mostFiles)
    .map((path) => path.slice(inside.length));
}

/** `src/cart.ts`, `test/cart.test.ts` and `tests/test_cart.py` are all about "cart". */
const stemOf = (path: string): string =>
  (path.split("/").at(-1) ?? "")
    .toLowerCase()
    .replace(/\..*$/, "")
    .replace(/^test_|_(?:test|spec)$/g, "");

/** Whether a check that was found here failed before the task just as it fails now. */
export async function failedBefore(
  options: HonestyOptions,
  { assignment, context, directory }: { assignment: Assignment; context: AttemptContext; directory: string },
  check: Check,
  now: Evidence,
): Promise<boolean> {
  const answer = await changed(options, assignment, async (changes) => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "longhaul-base-")));
    try {
      await layOut(changes, folder, false);
      const workspace = join(folder, changes.baseline.inside);
      const { evidence: then } = await runCheck(options, { ...assignment, workspace }, check, {
        directory,
        signal: context.signal,
      });
      if (then === undefined || then.passed) return false;
      const old = new Set(then.tests?.failures.map(({ test }) => test));
      const fresh = now.tests?.failures.filter(({ test }) => !old.has(test)) ?? [];
      return fresh.length === 0 && (now.tests?.failedTests ?? 0) <= (then.tests?.failedTests ?? 0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
  return answer ?? false;
}

/** Undefined where there is nothing to compare with. */
async function changed<Value>(
  options: HonestyOptions,
  assignment: Assignment,
  work: (changes: Changes) => Promise<Value>,
): Promise<Value | undefined> {
  const baseline = await options.baseline(assignment);
  if (baseline === undefined) return undefined;
  try {
    return await withChanges(options.git, baseline, work);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    options.onError(error, `see what ${assignment.taskId} changed`);
    return undefined;
  }
}
