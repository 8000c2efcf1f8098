/** Letting go of what ended long ago, at once instead of with the daily pass. */
import { prune as pruneNow } from "../../client/retention.ts";
import { exitCodes } from "../exit-codes.ts";
import { mark } from "../marks.ts";
import type { Session } from "../session.ts";
import { answer } from "../terminal.ts";

export async function prune(session: Session, flags: { json?: boolean; dryRun?: boolean }): Promise<number> {
  const report = await pruneNow(await session.client(), { dryRun: flags.dryRun === true });
  const { executions, events, folders, bytes, dryRun } = report;
  answer(flags.json === true, report, () => [
    `${mark("completed")} ${dryRun ? "would remove" : "removed"} ${events} events of ${executions} executions, and ${folders} folders with logs and artifacts (${(bytes / 1024 ** 2).toFixed(1)} MB)`,
  ]);
  return exitCodes.ok;
}
