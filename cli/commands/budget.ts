/** What an execution may spend: looking at it, and allowing more. */
import { budgetOf, setBudget } from "../../client/budget.ts";
import type { BudgetReport } from "../../orchestrator/api/budget-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { mark } from "../marks.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer, duration } from "../terminal.ts";

export type BudgetFlags = { json?: boolean; usd?: number; tokens?: number; minutes?: number; task?: string };

export async function budget(session: Session, id: string, flags: BudgetFlags): Promise<number> {
  const client = await session.client();
  const executionId = await resolveExecution(client, id);
  const { usd, tokens, minutes, task } = flags;
  if (usd === undefined && tokens === undefined && minutes === undefined) {
    const report = await budgetOf(client, executionId, task);
    answer(flags.json === true, report, () => linesOf(report));
    return exitCodes.ok;
  }
  const raised = await setBudget(client, executionId, {
    ...(usd === undefined ? {} : { usd }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(minutes === undefined ? {} : { wallSeconds: minutes * 60 }),
    ...(task === undefined ? {} : { taskId: task }),
  });
  answer(flags.json === true, raised, () => [
    ...linesOf(raised),
    ...(raised.released.length === 0 ? [] : [`${mark("running")} goes on: ${raised.released.join(", ")}`]),
  ]);
  return exitCodes.ok;
}

function linesOf({ budgets }: BudgetReport): string[] {
  if (budgets.length === 0) return ["No budget limits it."];
  return budgets.map(({ scope, metric, spent, allowed }) => {
    const share = Math.round((spent / allowed) * 100);
    const state = share >= 100 ? "blocked" : "running";
    return `${mark(state)} ${scope}: ${amount(metric, spent)} of ${amount(metric, allowed)} (${share} %)`;
  });
}

function amount(metric: BudgetReport["budgets"][number]["metric"], value: number): string {
  if (metric === "usd") return `${value.toFixed(value < 0.1 ? 4 : 2)} USD`;
  return metric === "tokens" ? `${Math.round(value)} tokens` : duration(value);
}
