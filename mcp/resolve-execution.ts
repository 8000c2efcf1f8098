/** Which execution is meant when none is named: the latest of this session, else the latest of all. */
import type { Client } from "../client/client.ts";
import type { Bridge } from "./bridge.ts";

export async function resolveExecution(
  client: Client,
  { conversationId }: Bridge,
  named: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (named !== undefined) return named;
  const ofSession = conversationId === undefined ? [] : (await client.list({ conversationId, limit: 1 }, { signal })).executions;
  const [latest] = ofSession.length > 0 ? ofSession : (await client.list({ limit: 1 }, { signal })).executions;
  if (latest === undefined)
    throw new Error("Nothing has been handed off yet. What to do: hand a plan off with the tool handoff.");
  return latest.executionId;
}
