/** What vitest, jest, mocha and node:test print for people. */
import { countOf, durationOf, type Failure, type Tally, tally } from "./tally.ts";

export function vitestOutput(text: string): Tally | undefined {
  const files = last(text, /^ *Test Files {2}(.+)$/gm);
  const tests = last(text, /^ {4,}Tests {2}(.+)$/gm);
  if (files === undefined && tests === undefined) return /^No test files found/m.test(text) ? tally("vitest") : undefined;
  const failed = countOf(tests ?? "", "failed");
  const unloaded = Number(last(text, /^[⎯ ]*Failed Suites (\d+)/gm) ?? 0);
  const brokenFiles = Math.max(unloaded, failed === 0 ? countOf(files ?? "", "failed") : 0);
  const errors = failed + brokenFiles === 0 ? Number(last(text, /^ *Errors {2}(\d+) errors?/gm) ?? 0) : 0;
  return tally("vitest", {
    passed: countOf(tests ?? "", "passed"),
    failed: failed + brokenFiles + errors,
    skipped: countOf(tests ?? "", "skipped") + countOf(tests ?? "", "todo"),
    duration: durationOf((last(text, /^ *Duration {2}(.+)$/gm) ?? "").split("(")[0] ?? ""),
    failures: [...text.matchAll(/^ *FAIL {2}(.+)\n((?:.+\n?)*)/gm)].map(([, test = "", body = ""]) => failureOf(test, body)),
  });
}

export function jestOutput(text: string): Tally | undefined {
  const tests = last(text, /^Tests: {2,}(.+)$/gm);
  const suites = last(text, /^Test Suites: +(.+)$/gm);
  if (tests === undefined || suites === undefined) return /^No tests found, exiting/m.test(text) ? tally("jest") : undefined;
  const failed = countOf(tests, "failed");
  return tally("jest", {
    passed: countOf(tests, "passed"),
    failed: failed === 0 ? countOf(suites, "failed") : failed,
    skipped: countOf(tests, "skipped") + countOf(tests, "todo"),
    duration: durationOf(last(text, /^Time: +(.+)$/gm)?.split(",")[0] ?? ""),
    failures: [...text.matchAll(/^ {2}● (.+)\n+((?: {4}.*\n|\n)*)/gm)].map(([, test = "", body = ""]) => failureOf(test, body)),
  });
}

export function mochaOutput(text: string): Tally | undefined {
  const passing = last(text, /^ {2}(\d+ passing(?: \(.+\))?)$/gm);
  if (passing === undefined) return undefined;
  const summary = text.slice(text.lastIndexOf(passing));
  return tally("mocha", {
    passed: countOf(passing, "passing"),
    failed: Number(/^ {2}(\d+) failing$/m.exec(summary)?.[1] ?? 0),
    skipped: Number(/^ {2}(\d+) pending$/m.exec(summary)?.[1] ?? 0),
    duration: durationOf(passing),
    failures: [...summary.matchAll(/^ {2}\d+\) (.+(?:\n {7}.+)*?):\n\n?((?: {5}.*\n|\n)*)/gm)].map(([, test = "", body = ""]) =>
      failureOf(test.replace(/\s*\n\s*/g, " "), body),
    ),
  });
}

/** `#` in front is its TAP form. A test file in which there is no test is counted as a test by the runner, and not here. */
export function nodeTestOutput(text: string): Tally | undefined {
  const figure = (name: string) => last(text, new RegExp(`^[ℹ#] ${name} ([\\d.]+)$`, "gm"));
  if (figure("tests") === undefined || figure("duration_ms") === undefined) return undefined;
  const empty = [...text.matchAll(/^(?:✔|ok \d+ -) (\S+\.[cm]?[jt]sx?)(?: \([\d.]+ms\))?$/gm)].length;
  const failing = text.split("✖ failing tests:").at(-1) ?? "";
  return tally("node:test", {
    passed: Math.max(0, Number(figure("pass")) - empty),
    failed: Number(figure("fail") ?? 0) + Number(figure("cancelled") ?? 0),
    skipped: Number(figure("skipped") ?? 0) + Number(figure("todo") ?? 0),
    duration: Number(figure("duration_ms") ?? 0),
    failures: text.includes("✖ failing tests:")
      ? [...failing.matchAll(/^✖ (.+?)(?: \([\d.]+ms\))?\n((?: {2}.*\n?|\n)*)/gm)].map(([, test = "", body = ""]) =>
          failureOf(test, body),
        )
      : [
          ...text
            .replaceAll(/^ *not ok .+\n(?: {2}.*\n)*?.*'subtestsFailed'$/gm, "")
            .matchAll(/^ *not ok \d+ - (.+)\n((?: {2}.*\n|\n)*)/gm),
        ].map(([, test = "", body = ""]) => failureOf(test, /error: (?:\|-\n\s*)?'?(.+?)'?$/m.exec(body)?.[1] ?? body)),
  });
}

const last = (text: string, pattern: RegExp): string | undefined => [...text.matchAll(pattern)].at(-1)?.[1];

function failureOf(test: string, body: string): Failure {
  const lines = body
    .trim()
    .split("\n")
    .map((line) => line.trimEnd());
  const at = Math.max(
    0,
    lines.findIndex((line) => line.trim() !== ""),
  );
  return { test: test.trim(), error: lines[at]?.trim() || "failed", stack: lines.slice(at + 1).join("\n") };
}
