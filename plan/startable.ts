import type { ParsedPlan } from "./model.ts";
import { PlanError, type PlanProblem } from "./plan-error.ts";

/**
 * Refuses what can be read but not started: a plan without tasks, or one whose tasks are all done. Parsing alone does not refuse these, so
 * that a preview can still show what was found.
 */
export function assertStartable({ report }: ParsedPlan): void {
  const stopping = report.warnings.filter((warning) => warning.code === "no-tasks" || warning.code === "all-done");
  const problems: PlanProblem[] = stopping.map(({ code, text, line, file, fix }) => ({
    code,
    message: text,
    ...(file !== undefined && { file }),
    line: line ?? 1,
    column: 1,
    ...(fix !== undefined && { fix }),
  }));
  if (problems.length > 0) throw new PlanError(problems);
}
