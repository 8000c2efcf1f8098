/** The governor, the budgets and the brake on repeated failures of one node, put together. */
import type { AttemptStep } from "../attempt-step.ts";
import type { Config } from "../config.ts";
import { createAccountStore } from "../store/accounts.ts";
import { createBudgetStore } from "../store/budgets.ts";
import type { Database } from "../store/db.ts";
import type { ExecutionStore } from "../store/executions.ts";
import { createAccountCommands } from "./account-commands.ts";
import { createBudgetCommands } from "./budget-commands.ts";
import { budgeted } from "./budget-step.ts";
import { Governor, type GovernorOptions } from "./governor.ts";
import { governed } from "./governor-step.ts";
import { withoutRepeats } from "./repeats-step.ts";
import { executionSuspension } from "./suspension.ts";

export type GoverningOptions = Pick<GovernorOptions, "node" | "billing" | "onOpen" | "onError"> & {
  config: Pick<Config, "reserveShare" | "dayBudget" | "sameFailures">;
  database: Database;
  executions: ExecutionStore;
  onChange(executionId: string): void;
};

export function createGoverning({ config, database, executions, onChange, ...rest }: GoverningOptions) {
  const { reserveShare, dayBudget: day, sameFailures } = config;
  const { onError } = rest;
  const accounts = createAccountStore(database);
  const budgets = createBudgetStore(database);
  const governor = new Governor({ ...rest, accounts, reserveShare, now: Date.now, random: Math.random });
  const steps: AttemptStep[] = [
    withoutRepeats({ executions, sameFailures }),
    budgeted({ budgets, day, onError, now: Date.now }),
    governed({ governor, onError, now: Date.now }),
  ];
  return {
    governor,
    accounts,
    steps,
    budgetCommands: createBudgetCommands({ budgets, executions, day, onChange }),
    accountCommands: createAccountCommands(accounts, reserveShare, Date.now),
    suspension: (executionId: string) => executionSuspension(accounts, executionId, reserveShare, Date.now()),
  };
}
