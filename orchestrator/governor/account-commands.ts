/** What people ask about accounts, and the one thing they can tell: that a limit does not hold any more. */
import type { Account } from "../api/accounts-contract.ts";
import type { AccountCommands } from "../api/accounts-routes.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { AccountStore, Account as StoredAccount } from "../store/accounts.ts";
import { suspensionOf, suspensionText } from "./suspension.ts";

export function createAccountCommands(accounts: AccountStore, reserveShare: number, now: () => number): AccountCommands {
  function told(account: StoredAccount): Account {
    const suspension = suspensionOf(account, reserveShare, now());
    return {
      id: account.id,
      billing: account.billing,
      nodes: account.nodes,
      suspension: suspension === undefined ? null : suspensionText(suspension, now()),
      why: suspension?.why ?? null,
      until: suspension === undefined ? null : new Date(suspension.untilMs).toISOString(),
      since: suspension?.sinceMs === undefined ? null : new Date(suspension.sinceMs).toISOString(),
      message: suspension === undefined || suspension.why === "reserve" ? null : (account.limit?.message ?? null),
      windowUsed: account.window?.used ?? null,
      windowResetsAt: account.window === undefined ? null : new Date(account.window.resetsAtMs).toISOString(),
      reserveShare,
    };
  }

  return {
    accounts: async () => ({ accounts: (await accounts.all()).map(told) }),
    async lift(accountId) {
      if ((await accounts.account(accountId)) === undefined) {
        throw new LonghaulError("not_found", `No account '${accountId}'`, { hint: "GET /api/accounts lists them." });
      }
      return { accountId, lifted: (await accounts.lift(accountId)).length > 0 };
    },
  };
}
