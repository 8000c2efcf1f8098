import { expect } from "vitest";
import { type PlanInput, parsePlan } from "../../plan/parse.ts";
import { PlanError, type PlanProblem } from "../../plan/plan-error.ts";

/** The problems for which an input is refused; fails when it is not, or with another kind of error. */
export function refusal(input: PlanInput | string): PlanProblem[] {
  try {
    parsePlan(typeof input === "string" ? { bytes: input, file: "plan.md" } : input);
  } catch (error) {
    expect(error).toBeInstanceOf(PlanError);
    return (error as PlanError).problems;
  }
  throw new Error("the input was not refused");
}
