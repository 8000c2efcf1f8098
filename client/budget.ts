/** Calls about budgets. */
import type { BudgetAnswer, BudgetReport, BudgetRequest } from "../orchestrator/api/budget-contract.ts";
import type { Client } from "./client.ts";

const path = (executionId: string) => `/api/executions/${encodeURIComponent(executionId)}/budget`;

export const budgetOf = (client: Client, executionId: string, taskId?: string): Promise<BudgetReport> =>
  client.ask({
    method: "GET",
    path: `${path(executionId)}${taskId === undefined ? "" : `?taskId=${encodeURIComponent(taskId)}`}`,
  });

export const setBudget = (client: Client, executionId: string, body: BudgetRequest): Promise<BudgetAnswer> =>
  client.ask({ method: "POST", path: path(executionId), body });
