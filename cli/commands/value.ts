/** What executions were worth. */
import { valueOfAll, valueOfExecution } from "../../client/value.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer } from "../terminal.ts";
import { valueLines } from "../value-text.ts";

const mostBlockers = 20;

export async function value(
  session: Session,
  id: string | undefined,
  flags: { json?: boolean; since?: string },
): Promise<number> {
  if (id !== undefined && flags.since !== undefined) {
    throw new CommandFailure("--since goes without an id: an execution is looked at as a whole.", exitCodes.usage);
  }
  const client = await session.client();
  const report =
    id === undefined
      ? await valueOfAll(client, timeOf(flags.since))
      : await valueOfExecution(client, await resolveExecution(client, id));
  answer(flags.json === true, report, () => valueLines(report, mostBlockers));
  return exitCodes.ok;
}

function timeOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new CommandFailure(`--since ${text}: give a date such as 2026-11-01 or 2026-11-01T08:00:00Z.`, exitCodes.usage);
  }
  return new Date(ms).toISOString();
}
