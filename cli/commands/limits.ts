/** What Claude's accounts allow, and telling that they allow it again. */
import { accountsOf, liftLimit } from "../../client/accounts.ts";
import type { Account } from "../../orchestrator/api/accounts-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { mark } from "../marks.ts";
import type { Session } from "../session.ts";
import { answer } from "../terminal.ts";

export async function limits(session: Session, flags: { json?: boolean; lift?: string }): Promise<number> {
  const client = await session.client();
  if (flags.lift !== undefined) {
    const wanted = flags.lift;
    const found = (await accountsOf(client)).accounts.filter(({ id }) => id.startsWith(wanted));
    if (found.length !== 1)
      throw new CommandFailure(
        `--lift ${wanted}: ${found.length} accounts begin so.`,
        exitCodes.usage,
        "longhaul limits lists them.",
      );
    const result = await liftLimit(client, (found[0] as Account).id);
    answer(flags.json === true, result, () => [
      result.lifted ? `${mark("running")} sessions may start again` : `${mark("completed")} there was no limit`,
    ]);
    return exitCodes.ok;
  }
  const list = await accountsOf(client);
  answer(flags.json === true, list, () =>
    list.accounts.length === 0 ? ["No node has used a Claude account."] : list.accounts.flatMap(accountLines),
  );
  return exitCodes.ok;
}

function accountLines(account: Account): string[] {
  const used =
    account.windowUsed === null
      ? ""
      : `; ${Math.round(account.windowUsed * 100)} % of the five-hour window was used when Claude last said`;
  return [
    `${mark(account.suspension === null ? "running" : "paused")} ${account.id}  ${account.billing}, ${account.nodes.length} node(s): ${account.suspension ?? "sessions may start"}${used}`,
    ...(account.message === null ? [] : [`    Claude said: ${account.message}`]),
  ];
}
