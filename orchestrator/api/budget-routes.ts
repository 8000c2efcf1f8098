/** Budgets of an execution and its tasks. */
import { createRoute, z } from "@hono/zod-openapi";
import { BudgetAnswer, BudgetQuery, BudgetReport, BudgetRequest } from "./budget-contract.ts";
import type { Feature } from "./door-env.ts";
import { jsonAnswer, refusals } from "./operation.ts";

export type BudgetCommands = {
  report(executionId: string, taskId: string | undefined): Promise<BudgetReport>;
  raise(executionId: string, request: BudgetRequest): Promise<BudgetAnswer>;
};

const tags = ["budgets"];
const params = z.object({ id: z.string().max(100) });

const reportRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/budget",
  operationId: "getBudget",
  tags,
  summary: "Budgets that hold for an execution, or for one of its tasks, and what is spent",
  request: { params, query: BudgetQuery },
  responses: { 200: jsonAnswer(BudgetReport, "Empty where nothing is limited."), ...refusals(404) },
});

const raiseRoute = createRoute({
  method: "post",
  path: "/api/executions/{id}/budget",
  operationId: "setBudget",
  tags,
  summary: "Allow an execution, or one of its tasks, more; what was held because of it goes on",
  request: { params, body: { content: { "application/json": { schema: BudgetRequest } }, required: true } },
  responses: { 200: jsonAnswer(BudgetAnswer, "The budgets now, and the tasks that go on."), ...refusals(404, 409) },
});

export function budgetRoutes(commands: BudgetCommands): Feature {
  return (app) => {
    app.openapi(reportRoute, async (c) =>
      c.json(await commands.report(c.req.valid("param").id, c.req.valid("query").taskId), 200),
    );
    app.openapi(raiseRoute, async (c) => c.json(await commands.raise(c.req.valid("param").id, c.req.valid("json")), 200));
  };
}
