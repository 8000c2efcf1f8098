/**
 * The tasks extension (`io.modelcontextprotocol/tasks`) as agreed between client and server. It belongs to the protocol from 2026-07-28 on,
 * where every request says what its client can do.
 */
import { CLIENT_CAPABILITIES_META_KEY, type ClientCapabilities, type ServerContext } from "@modelcontextprotocol/server";

export const tasksExtension = "io.modelcontextprotocol/tasks";

export function clientTakesTasks(context: ServerContext): boolean {
  // The SDK types the envelope as a record without naming its keys.
  const envelope = context.mcpReq.envelope as { [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities } | undefined;
  return envelope?.[CLIENT_CAPABILITIES_META_KEY]?.extensions?.[tasksExtension] !== undefined;
}
