/** What a test run said, as its runner wrote it down, and what makes tests say less than they did. */
import { z } from "@hono/zod-openapi";
import { testChanges } from "../../plan/test-changes.ts";

export const TestResult = z
  .object({
    /** Whose output was understood: vitest, jest, node:test, mocha, pytest, unittest, go test, cargo test, JUnit XML, TAP. */
    runner: z.string(),
    /** A file that the runner wrote, or what it printed. */
    source: z.enum(["file", "output"]),
    /** At least one test ran, and none failed. */
    passed: z.boolean(),
    totalTests: z.number().int(),
    passedTests: z.number().int(),
    /** Files and suites that could not be loaded count as failed tests. */
    failedTests: z.number().int(),
    /** Not run: skipped, ignored, pending, expected to fail. */
    skipped: z.number().int(),
    /** Milliseconds; 0 when the runner does not say. */
    duration: z.number(),
    /** Percent of the lines, where coverage was measured. */
    coverage: z.number().optional(),
    failures: z.array(z.object({ test: z.string(), error: z.string(), stack: z.string().optional() })),
  })
  .openapi("TestResult");
export type TestResult = z.infer<typeof TestResult>;

export const Finding = z
  .object({
    kind: z.enum(testChanges),
    file: z.string(),
    test: z.string().optional(),
    /** What was found, for whoever has to put it right. */
    message: z.string(),
  })
  .openapi("Finding");
export type Finding = z.infer<typeof Finding>;
