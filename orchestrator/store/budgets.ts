/** What attempts spent, and the budgets that it is compared with. Each call is one transaction and can be repeated. */
import type { Database } from "./db.ts";
import type { AttemptKey } from "./engine.ts";

export type Metric = "usd" | "tokens" | "seconds";
export type Amounts = { usd: number; tokens: number; seconds: number };
/** One budget, and what is spent of it by all attempts that it covers. */
export type BudgetState = { scope: "task" | "plan" | "day"; metric: Metric; spent: number; allowed: number };

const amountsOf = ({ usd, tokens, seconds }: Partial<Amounts>) => JSON.stringify({ usd, tokens, seconds });

export function createBudgetStore(database: Database) {
  return {
    /** @param task what the plan allows the task; @param day what the configuration allows all executions in a day (UTC) */
    states: (executionId: string, ordinal: number, task: Partial<Amounts>, day: Partial<Amounts>) =>
      database.query<BudgetState>({
        name: "budget_states",
        text: "select * from budget_states($1, $2, $3::jsonb, $4::jsonb)",
        values: [executionId, ordinal, amountsOf(task), amountsOf(day)],
      }),
    /** Says what an attempt has spent in all by now; returns the budgets that hold for it. */
    spend: (key: AttemptKey, spent: Amounts, task: Partial<Amounts>, day: Partial<Amounts>) =>
      database.query<BudgetState>({
        name: "spend",
        text: "select * from spend($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb)",
        values: [
          key.executionId,
          key.ordinal,
          key.attempt,
          spent.usd,
          Math.round(spent.tokens),
          spent.seconds,
          amountsOf(task),
          amountsOf(day),
        ],
      }),
    /** Returns the tasks that go on now. */
    async raise(executionId: string, taskId: string | undefined, to: Partial<Amounts>): Promise<string[]> {
      const [row] = await database.query<{ released: string[] }>({
        name: "raise_budget",
        text: "select raise_budget($1, $2, $3, $4, $5) as released",
        values: [executionId, taskId ?? null, to.usd ?? null, to.tokens ?? null, to.seconds ?? null],
      });
      return row?.released ?? [];
    },
  };
}

export type BudgetStore = ReturnType<typeof createBudgetStore>;
