/** Why new Claude sessions wait, and until when. */
import type { Account, AccountStore } from "../store/accounts.ts";

export type Suspension = { why: "usage_limit" | "rate_limit" | "reserve"; untilMs: number; sinceMs: number | undefined };

/** @param reserveShare what has to be left of the five-hour window for new sessions to start, 0–1 */
export function suspensionOf(account: Account, reserveShare: number, nowMs: number): Suspension | undefined {
  const { limit, window } = account;
  if (limit !== undefined && limit.untilMs > nowMs) return { why: limit.kind, untilMs: limit.untilMs, sinceMs: limit.sinceMs };
  if (window !== undefined && window.resetsAtMs > nowMs && 1 - window.used < reserveShare) {
    return { why: "reserve", untilMs: window.resetsAtMs, sinceMs: undefined };
  }
  return undefined;
}

const causes = {
  usage_limit: "by Claude's usage limit",
  rate_limit: "by Claude's rate limit",
  reserve: "to leave the rest of the five-hour window to you",
};

/** E.g. `paused until 14:05 by Claude's usage limit`, in the time of the machine. */
export function suspensionText({ why, untilMs }: Suspension, nowMs: number): string {
  const until = new Date(untilMs);
  const time = `${String(until.getHours()).padStart(2, "0")}:${String(until.getMinutes()).padStart(2, "0")}`;
  const day = until.toDateString() === new Date(nowMs).toDateString() ? "" : `${until.toDateString().slice(0, 10)}, `;
  return `paused until ${day}${time} ${causes[why]}`;
}

/** What an execution waits for, in one line; undefined when one of the nodes that could run its `claude` tasks may start them. */
export async function executionSuspension(
  accounts: Pick<AccountStore, "ofExecution">,
  executionId: string,
  reserveShare: number,
  nowMs: number,
): Promise<string | undefined> {
  const found = (await accounts.ofExecution(executionId)).map((account) => suspensionOf(account, reserveShare, nowMs));
  const [first] = found.filter((one) => one !== undefined).sort((a, b) => a.untilMs - b.untilMs);
  return first === undefined || found.includes(undefined) ? undefined : suspensionText(first, nowMs);
}
