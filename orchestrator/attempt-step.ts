/**
 * What surrounds the executor's run: gates, checkpoints, worktrees, verification. Each step is one file and gets the rest of the way as
 * `next`; it may change the assignment, refuse, hold the task for a person, or judge the outcome. Steps must bear being run again for the
 * same attempt: the orchestrator may have been killed anywhere in between.
 */
import type { Assignment, AttemptContext, Outcome } from "./executors/executor.ts";

export type AttemptRun = (assignment: Assignment, context: AttemptContext) => Promise<Outcome>;
export type AttemptStep = (assignment: Assignment, context: AttemptContext, next: AttemptRun) => Promise<Outcome>;

/** @param steps outermost first; @param run what they surround */
export const surround = (steps: readonly AttemptStep[], run: AttemptRun): AttemptRun =>
  steps.reduceRight<AttemptRun>((next, step) => (assignment, context) => step(assignment, context, next), run);
