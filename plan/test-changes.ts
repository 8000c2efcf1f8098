/** Ways in which tests can be made to say less. None of them is accepted from a task unless the plan allows it. */
export const testChanges = [
  /** A test is gone, or is not found by the runner any more. */
  "deleted",
  /** A test is not run, or is expected to fail. */
  "skipped",
  /** Other tests are not run because this one is singled out. */
  "focused",
  /** An assertion is gone, vaguer, never reached, or what it throws is caught. */
  "weakened",
  /** An assertion expects another value. */
  "rewritten",
  /** The test command or its configuration finds fewer tests, or hides that they fail. */
  "narrowed",
  /** Less coverage is asked for. */
  "threshold",
  /** A stored expectation was made anew. */
  "snapshot",
  /** Code behaves differently when it is tested. */
  "special-cased",
  /** A new test for a fix passes without the fix. */
  "proves-nothing",
  /** The checks ran on another commit, or ran no tests. */
  "another-run",
] as const;
export type TestChange = (typeof testChanges)[number];
