/** Budgets as plain values: what is exhausted, what is left, and how that is said. Pure. */
import type { Amounts, BudgetState } from "../store/budgets.ts";

/** The budget that is used up, the narrowest scope first; undefined while all have something left. */
export function exhaustedBudget(states: readonly BudgetState[]): BudgetState | undefined {
  const used = states.filter(({ spent, allowed }) => spent >= allowed);
  return (["task", "plan", "day"] as const).map((scope) => used.find((state) => state.scope === scope)).find(Boolean);
}

/** The states as they would be had the attempt spent more than the database knows. */
export function withMore(states: readonly BudgetState[], more: Amounts): BudgetState[] {
  return states.map((state) => ({ ...state, spent: state.spent + more[state.metric] }));
}

/** What is left of a metric in all scopes. */
export function leftOf(states: readonly BudgetState[], metric: BudgetState["metric"]): number {
  return Math.min(
    Number.POSITIVE_INFINITY,
    ...states.filter((state) => state.metric === metric).map(({ spent, allowed }) => Math.max(0, allowed - spent)),
  );
}

const options = { usd: "--usd N", tokens: "--tokens N", seconds: "--minutes N" };

/** E.g. `the plan's budget of 5.00 USD is used up (5.12 USD spent); longhaul budget ID --usd N allows more`. */
export function exhaustedText(state: BudgetState, executionId: string, taskId: string): string {
  const amount = (value: number) => amountText(state.metric, value);
  const whose = state.scope === "day" ? "today's" : `the ${state.scope}'s`;
  const said = `${whose} budget of ${amount(state.allowed)} is used up (${amount(state.spent)} spent)`;
  if (state.scope === "day") return `${said}; it goes on tomorrow (UTC), or with a higher LONGHAUL_DAY_* after a restart`;
  const task = state.scope === "task" ? ` --task ${taskId}` : "";
  return `${said}; longhaul budget ${executionId} ${options[state.metric]}${task} allows more, and it goes on where it was`;
}

function amountText(metric: BudgetState["metric"], value: number): string {
  if (metric === "usd") return `${value < 0.1 ? value.toFixed(4) : value.toFixed(2)} USD`;
  return metric === "tokens" ? `${Math.round(value)} tokens` : `${Math.round(value / 6) / 10} minutes`;
}

/** When the next day begins (UTC), epoch milliseconds. */
export const nextDayMs = (nowMs: number): number => (Math.floor(nowMs / 86_400_000) + 1) * 86_400_000;
