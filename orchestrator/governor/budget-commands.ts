/** What people ask and say about budgets. */
import type { BudgetCommands } from "../api/budget-routes.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Amounts, BudgetStore } from "../store/budgets.ts";
import type { ExecutionStore } from "../store/executions.ts";

export type BudgetCommandOptions = {
  budgets: BudgetStore;
  executions: Pick<ExecutionStore, "execution" | "tasks">;
  day: Partial<Amounts>;
  onChange(executionId: string): void;
};

export function createBudgetCommands({ budgets, executions, day, onChange }: BudgetCommandOptions): BudgetCommands {
  async function report(executionId: string, taskId: string | undefined) {
    await executions.execution(executionId);
    const task = taskId === undefined ? undefined : (await executions.tasks(executionId)).find((one) => one.task_id === taskId);
    if (taskId !== undefined && task === undefined) {
      throw new LonghaulError("not_found", `No task '${taskId}' in execution ${executionId}`, {
        hint: "GET /api/executions/ID lists its tasks.",
      });
    }
    const limits = task?.spec.limits;
    const own = {
      ...(limits?.usd === undefined ? {} : { usd: limits.usd }),
      ...(limits?.tokens === undefined ? {} : { tokens: limits.tokens }),
    };
    const states = await budgets.states(executionId, task?.ordinal ?? -1, own, day);
    return { executionId, budgets: states.filter(({ scope }) => scope !== "task" || task !== undefined) };
  }

  return {
    report,
    async raise(executionId, { taskId, usd, tokens, wallSeconds }) {
      const to = {
        ...(usd === undefined ? {} : { usd }),
        ...(tokens === undefined ? {} : { tokens }),
        ...(wallSeconds === undefined ? {} : { seconds: wallSeconds }),
      };
      const released = await budgets.raise(executionId, taskId, to);
      onChange(executionId);
      return { ...(await report(executionId, taskId)), released };
    },
  };
}
