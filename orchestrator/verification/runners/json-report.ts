/** The JSON that jest and vitest share (`--json`, `--reporter=json`), and mocha's. */
import { z } from "zod";
import { type Failure, type Tally, tally } from "./tally.ts";

const JestReport = z.object({
  numTotalTests: z.number(),
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numFailedTestSuites: z.number().default(0),
  startTime: z.number().optional(),
  testResults: z.array(
    z.object({
      name: z.string().default(""),
      status: z.string().default(""),
      message: z.string().default(""),
      endTime: z.number().optional(),
      assertionResults: z
        .array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }))
        .default([]),
    }),
  ),
});
const MochaReport = z.object({
  stats: z.object({ passes: z.number(), pending: z.number(), failures: z.number(), duration: z.number().default(0) }),
  failures: z.array(
    z.object({
      fullTitle: z.string(),
      err: z.object({ message: z.string().optional(), stack: z.string().optional() }).default({}),
    }),
  ),
});

/** @param text may have other output around the report; undefined when there is none in it */
export function jsonReport(text: string, runner?: string): Tally | undefined {
  const start = /^\s*\{/m.exec(text);
  const end = text.lastIndexOf("}");
  if (start === null || end < start.index || !/"numTotalTests"|"stats"/.test(text)) return undefined;
  const read = readJson(text.slice(start.index, end + 1));
  const jest = JestReport.safeParse(read);
  if (jest.success) return fromJest(jest.data, runner ?? "jest");
  const mocha = MochaReport.safeParse(read);
  return mocha.success ? fromMocha(mocha.data) : undefined;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not a report: the caller looks for another
  }
}

function fromJest(report: z.infer<typeof JestReport>, runner: string): Tally {
  const failures: Failure[] = [];
  let unloaded = 0;
  for (const file of report.testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === "failed");
    for (const { fullName, failureMessages } of failed) failures.push(failureOf(fullName, (failureMessages ?? []).join("\n")));
    if (failed.length > 0 || file.status !== "failed") continue;
    unloaded += 1;
    failures.push(failureOf(file.name, file.message));
  }
  const { numPassedTests: passed, numFailedTests, numTotalTests, startTime } = report;
  const ended = Math.max(...report.testResults.map(({ endTime }) => endTime ?? 0), 0);
  return tally(runner, {
    passed,
    failed: numFailedTests + unloaded,
    skipped: Math.max(0, numTotalTests - passed - numFailedTests),
    duration: startTime === undefined ? 0 : Math.max(0, ended - startTime),
    failures,
  });
}

const fromMocha = ({ stats, failures }: z.infer<typeof MochaReport>): Tally =>
  tally("mocha", {
    passed: stats.passes,
    failed: stats.failures,
    skipped: stats.pending,
    duration: stats.duration,
    failures: failures.map(({ fullTitle, err }) => failureOf(fullTitle, err.stack ?? err.message ?? "")),
  });

function failureOf(test: string, text: string): Failure {
  const [error = "failed", ...stack] = text.trim().split("\n");
  return { test, error: error === "" ? "failed" : error, stack: stack.join("\n") };
}
