/**
 * Settings of test runners and coverage, wherever they stand: the files that changed are read as one pool, so that moving settings from one
 * file to another changes nothing. Only what makes fewer tests run, or less coverage enough, is a finding.
 */
import type { Suspicion } from "./compare-tests.ts";
import type { Side } from "./finding.ts";
import { looksLikeTest, matches } from "./glob.ts";
import { closing, readSource } from "./source-text.ts";

const file =
  /(?:^|\/)(?:(?:vitest|vite|jest|playwright|karma|cypress|ava|wdio|nyc|c8)[\w.-]*\.(?:config|conf)[\w.-]*\.\w+|jest\.config\.\w+|\.mocharc[\w.]*|\.nycrc[\w.]*|\.c8rc[\w.]*|package\.json|pyproject\.toml|pytest\.ini|setup\.cfg|tox\.ini|\.coveragerc|conftest\.py|Cargo\.toml|nextest\.toml|deno\.jsonc?|bunfig\.toml|codecov\.ya?ml)$/;

const including =
  /^(?:include|testMatch|testRegex|testpaths|python_files|python_functions|python_classes|spec|specPattern|roots|testDir|dir|default-filter)$/;
const excluding =
  /^(?:exclude|excludes|testPathIgnorePatterns|modulePathIgnorePatterns|testIgnore|collect_ignore|collect_ignore_glob|norecursedirs|ignore)$/;
const uncovered = /^(?:omit|coveragePathIgnorePatterns|exclude_lines|exclude_also)$/;
const threshold = /^(?:lines|branches|functions|statements|fail_under|cov-fail-under|check-coverage|target)$/;
const flags: Readonly<Record<string, RegExp>> = {
  passWithNoTests: /^true$/,
  allowOnly: /^true$/,
  forbidOnly: /^false$/,
  dangerouslyIgnoreUnhandledErrors: /^true$/,
  testNamePattern: /./,
  grep: /./,
  test: /^false$/,
  autotests: /^false$/,
  doctest: /^false$/,
  harness: /^false$/,
  "fail-fast": /never/,
};
const hooks =
  /\bdef (pytest_(?:collection_modifyitems|ignore_collect|runtest_\w+|sessionfinish|itemcollected|collection_finish|pyfunc_call|make_collect_report|report_\w+))\b/g;
const exits = /\b(?:os\._exit|sys\.exit|process\.exit|std::process::exit)\s*\(\s*0?\s*\)/g;
const hidingOption =
  /^(?:-k|-m|-t|--deselect|--ignore|--ignore-glob|--co|--collect-only|--lf|--last-failed|--ff|--sw|--no-cov|--exitfirst-ok)\b/;

type Value = { file: string; key: string; values: string[] };

export function compareSettings(before: Side, after: Side): Suspicion[] {
  const old = readAll(before);
  const now = readAll(after);
  const tests = before.paths.filter(looksLikeTest);
  return [...now, ...missing(old, now)]
    .flatMap((value) => judge(value, old, tests, before.paths))
    .concat(...hooksAdded(before, after));
}

/** Thresholds that are nowhere any more. */
const missing = (old: readonly Value[], now: readonly Value[]): Value[] =>
  old.filter(({ key }) => threshold.test(key) && !now.some((one) => one.key === key)).map((one) => ({ ...one, values: ["0"] }));

function judge(now: Value, old: readonly Value[], tests: readonly string[], paths: readonly string[]): Suspicion[] {
  const { key, values } = now;
  if (old.some((one) => one.key === key && one.values.join("\n") === values.join("\n"))) return [];
  const was = old.filter((one) => one.key === key).flatMap((one) => one.values);
  const found = (kind: Suspicion["kind"], message: string): Suspicion[] => [
    { kind, file: now.file, message, about: `${now.file} ${key}` },
  ];
  if (threshold.test(key)) {
    const [least, most] = [Math.min(...values.map(Number)), Math.max(...was.map(Number))];
    return was.length > 0 && least < most ? found("threshold", `'${key}' asks for ${least} % instead of ${most} %`) : [];
  }
  if (including.test(key)) {
    if (was.every((one) => values.includes(one)) && was.length > 0) return [];
    const selects = (patterns: readonly string[], test: string) =>
      patterns.length === 0 || patterns.some((one) => matches(one, test));
    const lost = tests.filter((test) => sameLanguage(test, now.file) && selects(was, test) && !selects(values, test));
    if (/functions|classes|filter/.test(key))
      return was.join() === values.join() || was.length === 0
        ? []
        : found("narrowed", `'${key}' selects other tests than before: ${values.join(", ")}`);
    return lost.length === 0 ? [] : found("narrowed", `'${key}' leaves out ${lost.slice(0, 5).join(", ")}`);
  }
  if (excluding.test(key)) {
    const lost = tests.filter((test) => values.some((one) => !was.includes(one) && matches(one, test)));
    return lost.length === 0 ? [] : found("narrowed", `'${key}' leaves out ${lost.slice(0, 5).join(", ")}`);
  }
  if (uncovered.test(key)) {
    const lost = paths.filter((path) => !looksLikeTest(path) && values.some((one) => !was.includes(one) && matches(one, path)));
    return lost.length === 0 ? [] : found("threshold", `'${key}' takes ${lost.slice(0, 5).join(", ")} out of the coverage`);
  }
  if (key === "addopts") {
    const words = (texts: readonly string[]) => texts.join(" ").split(/\s+/).filter(Boolean);
    const added = words(values).filter((word) => !words(was).includes(word));
    return added.some((word) => hidingOption.test(word)) ? found("narrowed", `'addopts' has ${added.join(" ")} in it now`) : [];
  }
  const bad = flags[key];
  if (bad === undefined || !values.some((one) => bad.test(one)) || was.some((one) => bad.test(one))) return [];
  return found("narrowed", `'${key}' is ${values.join(", ")} now`);
}

function sameLanguage(test: string, config: string): boolean {
  const python = /\.(?:toml|ini|cfg|py)$/.test(config) && !/Cargo|nextest|bunfig/.test(config);
  return /\.py$/.test(test) === python && !/\.rs$/.test(test);
}

function hooksAdded(before: Side, after: Side): Suspicion[] {
  const old = [...before.changed.values()].join("\n");
  return [...after.changed].flatMap(([path, text]) => {
    if (!looksLikeTest(path) && !file.test(path)) return [];
    const added = [...text.matchAll(hooks)].map(([, name = ""]) => name).filter((name) => !old.includes(`def ${name}`));
    const leaves = [...text.matchAll(exits)].length > [...(before.changed.get(path) ?? "").matchAll(exits)].length;
    const about = path;
    return [
      ...added.map(
        (name): Suspicion => ({
          kind: "narrowed",
          file: path,
          message: `${name} can change which tests run and how they end`,
          about,
        }),
      ),
      ...(leaves ? [{ kind: "narrowed" as const, file: path, message: "ends the test run by itself", about }] : []),
    ];
  });
}

const readAll = (side: Side): Value[] =>
  [...side.changed].flatMap(([path, text]) => (file.test(path) ? readSettings(path, text) : []));

const sections = /^(?:tool\.pytest|tool\.coverage|tool:pytest|pytest|coverage|run|report|profile|lib|bin|test|package|\[)/;

/** Blanks in place of the sections that other programs read. */
function relevant(path: string, text: string): string {
  if (!/\.(?:toml|ini|cfg|coveragerc)$/.test(path)) return text;
  let mine = true;
  return text
    .split("\n")
    .map((line) => {
      const section = /^\[+\s*([^\]]+)\]/.exec(line)?.[1];
      if (section !== undefined) mine = sections.test(section);
      return mine ? line : "";
    })
    .join("\n");
}

/** Every setting of a known name, with the texts, numbers or words of its value. */
function readSettings(path: string, text: string): Value[] {
  const hash = /\.(?:toml|ini|cfg|coveragerc|ya?ml|py)$/.test(path);
  const source = readSource(relevant(path, text), hash ? "python" : "javascript");
  const found: Value[] = [];
  const quotedKeys = source.code.matchAll(/(?:^|[\s{,[])["']?([A-Za-z_][\w-]*)["']?[ \t]*(?::|=(?!=))[ \t]*/g);
  for (const match of quotedKeys) {
    const key = match[1] ?? "";
    if (!isKnown(key, path)) continue;
    const at = match.index + match[0].length;
    const end = valueEnd(source.bare, at, hash);
    const strings = source.strings.filter((one) => one.at >= at && one.end <= end).map(({ value }) => value);
    const plain = source.code.slice(at, end).trim();
    const words = strings.length > 0 ? strings : plain.split(/[\s,[\]]+/).filter(Boolean);
    found.push({ file: path, key, values: key === "addopts" || words.length > 0 ? words : [plain] });
  }
  return found;
}

const isKnown = (key: string, path: string) =>
  path.endsWith("Cargo.toml")
    ? ["test", "autotests", "doctest", "harness"].includes(key)
    : [including, excluding, uncovered, threshold].some((pattern) => pattern.test(key)) ||
      key === "addopts" ||
      (key !== "test" && key in flags);

function valueEnd(bare: string, at: number, hash: boolean): number {
  if ("[{(".includes(bare[at] as string)) return closing(bare, at);
  const line = bare.indexOf("\n", at);
  let end = line < 0 ? bare.length : line;
  if (!hash) return Math.min(end, ...[",", "}"].map((stop) => bare.indexOf(stop, at)).filter((stop) => stop >= 0));
  for (
    let more = /^\n[ \t]+[^\s[#][^\n]*/.exec(bare.slice(end));
    more !== null;
    more = /^\n[ \t]+[^\s[#][^\n]*/.exec(bare.slice(end))
  )
    end += more[0].length;
  return end;
}
