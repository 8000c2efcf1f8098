/** What `control` answers, one function per kind of action. */
import { z } from "zod";
import type { BudgetAnswer } from "../orchestrator/api/budget-contract.ts";
import type { ControlResponse, ExecutionStatus } from "../orchestrator/api/contract.ts";
import type { PlanEditAnswer } from "../orchestrator/api/plan-edit-contract.ts";
import type { RollbackAnswer } from "../orchestrator/api/workspace-contract.ts";
import { executionStatuses } from "./execution-words.ts";
import { fitResult } from "./result-size.ts";
import { oneLine } from "./task-text.ts";

export const ControlOutcome = z.object({
  summary: z.string(),
  executionId: z.string(),
  status: z.enum(executionStatuses),
  changed: z.boolean().describe("False when it was in that state already, or when this was a dry run"),
  affectedTasks: z.number().int(),
  files: z.array(z.string()).optional().describe("With rollback: the first files that change"),
  fileCount: z.number().int().optional(),
  changes: z.array(z.string()).optional().describe("With edit: + added, - removed, ~ changed, = kept, ! goes on as it began"),
  warnings: z.array(z.string()).optional(),
});
export type ControlOutcome = z.infer<typeof ControlOutcome>;

const doneWord = { pause: "Paused", resume: "Resumed", cancel: "Cancelled", retry: "Retrying", skip: "Skipped" } as const;
const shownFiles = 30;
const shownChanges = 30;

export function controlled(
  action: keyof typeof doneWord,
  taskId: string | undefined,
  { executionId, status, changed, affectedTasks }: ControlResponse,
): ControlOutcome {
  return {
    summary: changed
      ? `${doneWord[action]}${taskId === undefined ? "" : ` task ${taskId} of`} execution ${executionId}; it is ${status} now.`
      : `Nothing to ${action}: execution ${executionId} is ${status}.`,
    executionId,
    status,
    changed,
    affectedTasks: affectedTasks.length,
  };
}

export function rolledBack({ executionId, status, dryRun, files, fileCount, tasks }: RollbackAnswer): ControlOutcome {
  const what = `${fileCount} file(s) and ${tasks.length} task(s)`;
  return {
    summary: dryRun
      ? `Nothing was changed. A rollback of execution ${executionId} would change ${what}.`
      : `Rolled back execution ${executionId}: ${what}; it is ${status} now. resume goes on, undo takes it back.`,
    executionId,
    status,
    changed: !dryRun,
    affectedTasks: tasks.length,
    files: files.slice(0, shownFiles).map((file) => `${file.change} ${file.path}`),
    fileCount,
  };
}

export function edited(answer: PlanEditAnswer, status: ExecutionStatus): ControlOutcome {
  const { executionId, applied, added, removed, changed, renamed, kept, undecided, warnings } = answer;
  const changes = [
    ...added.map(({ id, title }) => `+ ${id} ${title}`),
    ...removed.map(({ id, title }) => `- ${id} ${title}`),
    ...changed.map(({ id, title, fields }) => `~ ${id} ${title} (${fields.join(", ")})`),
    ...renamed.map(({ before, after }) => `~ ${before} is now ${after}`),
    ...kept.map((id) => `= ${id}`),
    ...undecided.map((id) => `! ${id}`),
  ];
  const counts = `${added.length} added, ${removed.length} removed, ${changed.length + renamed.length} changed`;
  return fitResult(shownChanges, (most) => ({
    summary: applied
      ? `Execution ${executionId} follows the changed plan: ${counts}.`
      : `Nothing was changed. Execution ${executionId} would follow the plan with ${counts}; repeat with dryRun false.`,
    executionId,
    status,
    changed: applied,
    affectedTasks: added.length + removed.length + changed.length + renamed.length,
    changes: [
      ...changes.slice(0, most).map((line) => oneLine(line, 160)),
      ...(changes.length > most ? [`… and ${changes.length - most} more`] : []),
    ],
    warnings: warnings.slice(0, most).map((warning) => oneLine(warning, 300)),
  }));
}

export function raised({ executionId, budgets, released }: BudgetAnswer, status: ExecutionStatus): ControlOutcome {
  const limits = budgets.map(({ scope, metric, spent, allowed }) => `${scope}: ${spent} of ${allowed} ${metric}`);
  const goesOn = released.length === 0 ? "" : ` ${released.length} waiting task(s) go on.`;
  return {
    summary: oneLine(`Execution ${executionId} may spend more now (${limits.join("; ")}).${goesOn}`, 400),
    executionId,
    status,
    changed: true,
    affectedTasks: released.length,
  };
}

/** @param answer undefined where the form was closed */
export function refusedRaise(executionId: string, status: ExecutionStatus, answer: "refuse" | undefined): ControlOutcome {
  const why = answer === "refuse" ? "The user refused it" : "The user closed the dialog without deciding";
  return { summary: `${why}: the budget stays as it is.`, executionId, status, changed: false, affectedTasks: 0 };
}

/** @param said nothing where the form was closed */
export function decided(executionId: string, status: ExecutionStatus, said: readonly string[]): ControlOutcome {
  return {
    summary:
      said.length > 0
        ? `${said.join(". ")}. Execution ${executionId} is ${status}.`
        : "The user closed the dialog without deciding; that is no decision, and it stays open.",
    executionId,
    status,
    changed: said.length > 0,
    affectedTasks: said.length,
  };
}
