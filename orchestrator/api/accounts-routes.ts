/** Claude accounts and their limits. */
import { createRoute, z } from "@hono/zod-openapi";
import { AccountList, LiftAnswer } from "./accounts-contract.ts";
import type { Feature } from "./door-env.ts";
import { jsonAnswer, refusals } from "./operation.ts";

export type AccountCommands = {
  accounts(): Promise<AccountList>;
  lift(accountId: string): Promise<LiftAnswer>;
};

const tags = ["accounts"];

const listRoute = createRoute({
  method: "get",
  path: "/api/accounts",
  operationId: "listAccounts",
  tags,
  summary: "What Claude sessions are billed to, and which limits hold them back",
  responses: { 200: jsonAnswer(AccountList, "All accounts that nodes have used."), ...refusals() },
});

const liftRoute = createRoute({
  method: "post",
  path: "/api/accounts/{id}/lift",
  operationId: "liftAccountLimit",
  tags,
  summary: "Let sessions start again before the limit's time has come",
  request: { params: z.object({ id: z.string().max(100) }) },
  responses: { 200: jsonAnswer(LiftAnswer, "Whether there was a limit."), ...refusals(404) },
});

export function accountRoutes(commands: AccountCommands): Feature {
  return (app) => {
    app.openapi(listRoute, async (c) => c.json(await commands.accounts(), 200));
    app.openapi(liftRoute, async (c) => c.json(await commands.lift(c.req.valid("param").id), 200));
  };
}
