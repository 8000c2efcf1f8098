/** Runs the checks on the files from before a task, with only its new tests put in: a test for a fix has to fail there. */
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Evidence } from "../../api/contract.ts";
import type { Finding } from "../../api/test-result-contract.ts";
import type { Assignment, AttemptContext } from "../../executors/executor.ts";
import { type Check, type CheckOptions, runCheck } from "../check.ts";
import type { Changes } from "./changes.ts";
import { looksLikeTest } from "./glob.ts";
import { newTests } from "./judge.ts";

const fixing =
  /\b(?:fix(?:es|ed|ing)?|bug(?:fix)?|hotfix|regression|repairs?|crash(?:es)?|broken|wrong(?:ly)?|incorrect(?:ly)?|fails (?:when|for|on|to|with))\b/i;
/** Of these a fix changes nothing that a test could see. */
const cosmetic = /\b(?:typos?|lint\w*|format\w*|docs?|documentation|comments?|readme|types?|flaky|tests?|build|ci)\b/i;
/** What is installed beside the sources and not kept in the repository. */
const installed = ["node_modules", ".venv", "venv", "vendor", ".yarn", ".pnp.cjs", ".pnp.loader.mjs"];

/**
 * @param checked checks that passed, with what their test runners said
 * @returns a finding when they pass without the fix as well; none when the task is no fix or added no test of its own
 */
export async function provesNothing(
  options: CheckOptions,
  { assignment, context, directory }: { assignment: Assignment; context: AttemptContext; directory: string },
  changes: Changes,
  checked: readonly { check: Check; evidence: Evidence }[],
): Promise<Finding[]> {
  const { title } = assignment.task;
  if (!fixing.test(title) || cosmetic.test(title)) return [];
  // Tests inside of a source file cannot be had without the rest of it.
  const added = [...newTests(changes.before, changes.after)].filter(([path]) => looksLikeTest(path));
  const runs = checked.filter(({ check, evidence }) => !check.anti && evidence.tests?.passed === true);
  if (added.length === 0 || runs.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), "longhaul-base-"));
  try {
    await layOut(changes, folder);
    for (const [index, { check }] of runs.entries()) {
      const at = { directory: join(directory, `base-${index + 1}`), signal: context.signal };
      await mkdir(at.directory, { recursive: true });
      const { evidence } = await runCheck(
        options,
        { ...assignment, workspace: join(folder, changes.baseline.inside) },
        check,
        at,
      );
      if (evidence === undefined || !evidence.passed) return []; // it fails without the fix, as it should
    }
    return added.map(([file, names]) => ({
      kind: "proves-nothing",
      file,
      test: names[0] as string,
      message: `the new ${names.length === 1 ? `test '${names[0]}' passes` : `tests ${names.map((name) => `'${name}'`).join(", ")} pass`} without the fix, too: nothing shows that it was needed`,
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param withTests puts the tests of now in */
export async function layOut(changes: Changes, folder: string, withTests = true): Promise<void> {
  await changes.checkout(folder);
  const { top, inside } = changes.baseline;
  for (const [path, text] of changes.after.changed) {
    const supports =
      looksLikeTest(path) || /(?:^|\/)(?:tests?|__tests__|specs?|fixtures|testdata)\//.test(path) || path.endsWith("conftest.py");
    if (!supports || !withTests) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  for (const name of installed)
    for (const part of new Set(["", inside])) await link(join(top, part, name), join(folder, part, name));
}

/** What is already there, or is not there at all, is left as it is. */
async function link(from: string, to: string): Promise<void> {
  try {
    if (from.endsWith("js")) await cp(from, to, { errorOnExist: true });
    else await symlink(from, to);
  } catch (error) {
    if (!["EEXIST", "ENOENT", "ERR_FS_CP_EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
