/** What a change did to the tests of a project, as far as neither the plan nor the task's words ask for it. Pure: texts in, findings out. */

import type { Finding } from "../../api/test-result-contract.ts";
import { compareTests, type Suspicion } from "./compare-tests.ts";
import type { Side, TaskWords } from "./finding.ts";
import { looksLikeTest } from "./glob.ts";
import { isAllowed } from "./permission.ts";
import { compareScripts } from "./scripts.ts";
import { compareSettings } from "./settings.ts";
import { compareSnapshots } from "./snapshots.ts";
import { type TestFile, testsIn } from "./test-case.ts";

/** Files that can hold tests or change how they run; of others nothing has to be read. */
export const matters = (path: string): boolean => !/(?:^|\/)(?:node_modules|target|dist|\.git)\//.test(path);

export function judge(before: Side, after: Side, task: TaskWords): Finding[] {
  const old = filesOf(before);
  const now = filesOf(after);
  const names = new Set(now.flatMap(({ tests }) => tests.map(({ name }) => name)));
  const suspicions = [
    ...compareTests(old, now),
    ...goneUnread(before, after),
    ...compareSettings(before, after),
    ...compareScripts(before, after),
    ...compareSnapshots(before, after, (name) => [...names].some((one) => name.endsWith(one))),
    ...specialCased(before, after),
  ];
  return suspicions
    .filter((found) => !isAllowed(task, found))
    .map(({ kind, file, test, message }) => ({ kind, file, ...(test === undefined ? {} : { test }), message }));
}

/** Tests that a change added, by file. */
export function newTests(before: Side, after: Side): Map<string, string[]> {
  const known = new Set(filesOf(before).flatMap(({ tests }) => tests.map(({ name }) => name)));
  const found = filesOf(after).map(({ path, tests }): [string, string[]] => [
    path,
    tests.filter((test) => !test.inactive && !known.has(test.name)).map(({ name }) => name),
  ]);
  return new Map(found.filter(([, names]) => names.length > 0));
}

const filesOf = (side: Side): TestFile[] =>
  [...side.changed]
    .map(([path, text]) => testsIn(path, text))
    .filter(({ tests, comments }) => tests.length > 0 || comments !== "");

/** Tests in languages that are not read here: that their file is gone is seen all the same. */
function goneUnread(before: Side, after: Side): Suspicion[] {
  return [...before.changed].flatMap(([path, text]): Suspicion[] => {
    if (!looksLikeTest(path) || after.changed.has(path) || testsIn(path, text).tests.length > 0 || text.trim() === "") return [];
    if (/\.(?:[cm]?[jt]sx?|py|rs)$/.test(path)) return []; // read, and without tests
    const moved = [...after.changed].some(([other, content]) => !before.changed.has(other) && content === text);
    return moved ? [] : [{ kind: "deleted", file: path, message: `the file of tests ${path} is gone`, about: path }];
  });
}

const looks =
  /process\.env\.(?:VITEST|JEST_WORKER_ID)\b|process\.env\[["'](?:VITEST|JEST_WORKER_ID)["']\]|PYTEST_CURRENT_TEST|["']pytest["']\s+(?:not\s+)?in\s+sys\.modules|cfg!\(test\)/g;

function specialCased(before: Side, after: Side): Suspicion[] {
  return [...after.changed].flatMap(([path, text]): Suspicion[] => {
    if (looksLikeTest(path) || /\.(?:md|json|ya?ml|toml|lock)$|\.config\.\w+$|conftest\.py$/.test(path)) return [];
    const count = (all: string | undefined) => [...(all ?? "").matchAll(looks)].length;
    if (count(text) <= count(before.changed.get(path))) return [];
    const message = "the code looks whether it is being tested, and can answer tests differently";
    return [{ kind: "special-cased", file: path, message, about: path }];
  });
}
