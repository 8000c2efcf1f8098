/** Calls about Claude accounts and their limits. */
import type { AccountList, LiftAnswer } from "../orchestrator/api/accounts-contract.ts";
import type { Client } from "./client.ts";

export const accountsOf = (client: Client): Promise<AccountList> => client.ask({ method: "GET", path: "/api/accounts" });

export const liftLimit = (client: Client, accountId: string): Promise<LiftAnswer> =>
  client.ask({ method: "POST", path: `/api/accounts/${encodeURIComponent(accountId)}/lift`, body: {} });
