/** One thing wrong with a plan file: what, where, why it matters, what to do. Lines and columns count from 1. */
export type PlanProblem = { code: string; message: string; file?: string; line?: number; column?: number; fix?: string };

/** The only error that reading a plan throws, whatever the input. */
export class PlanError extends Error {
  readonly problems: PlanProblem[];

  constructor(problems: PlanProblem[]) {
    super(problems.map((problem) => problem.message).join("\n"));
    this.name = "PlanError";
    this.problems = problems;
  }
}
