/** Counts of one test run while they are collected, and the result they make. */
import type { TestResult } from "../../api/test-result-contract.ts";

export type Failure = TestResult["failures"][number];
export type Tally = {
  runner: string;
  passed: number;
  failed: number;
  skipped: number;
  /** Milliseconds. */
  duration: number;
  coverage?: number;
  failures: Failure[];
};

const mostFailures = 50;
const longestError = 2_000;
const longestStack = 4_000;

export const tally = (runner: string, counts: Partial<Omit<Tally, "runner">> = {}): Tally => ({
  runner,
  passed: 0,
  failed: 0,
  skipped: 0,
  duration: 0,
  failures: [],
  ...counts,
});

/** A suite of which nothing ran has not passed. Only the first 50 failures are kept, and of each what fits on a page. */
export function resultOf(counted: Tally, source: TestResult["source"]): TestResult {
  const { runner, passed, failed, skipped, duration, coverage } = counted;
  return {
    runner,
    source,
    passed: failed === 0 && passed > 0,
    totalTests: passed + failed + skipped,
    passedTests: passed,
    failedTests: failed,
    skipped,
    duration: Math.round(duration),
    ...(coverage === undefined ? {} : { coverage }),
    failures: counted.failures.slice(0, mostFailures).map(({ test, error, stack }) => ({
      test: cut(test, 500),
      error: cut(error.trim(), longestError),
      ...(stack === undefined || stack.trim() === "" ? {} : { stack: cut(stack.trim(), longestStack) }),
    })),
  };
}

/** In words, e.g. "2 of 14 tests failed". */
export function said({ totalTests, failedTests, skipped, passedTests, runner }: TestResult): string {
  const ran = passedTests + failedTests;
  const rest = skipped === 0 ? "" : `, ${skipped} skipped`;
  if (ran === 0) return totalTests === 0 ? `${runner} ran no tests` : `${runner} ran no tests: all ${totalTests} were skipped`;
  return failedTests === 0 ? `${passedTests} tests passed${rest}` : `${failedTests} of ${ran} tests failed${rest}`;
}

/** The number in front of a word, e.g. `countOf("2 passed, 1 failed", "failed")` is 1. */
export function countOf(text: string, words: string): number {
  const found = new RegExp(`(\\d+) (?:${words})\\b`).exec(text);
  return found === null ? 0 : Number(found[1]);
}

/** "1.5s", "300ms", "2 m 3 s" in milliseconds. */
export function durationOf(text: string): number {
  let duration = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+) ?(ms|s|m|min)(?![a-z])/g))
    duration += Number(amount) * (unit === "ms" ? 1 : unit === "s" ? 1000 : 60_000);
  return duration;
}

const cut = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`);
