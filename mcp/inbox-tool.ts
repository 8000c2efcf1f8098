/** The tool `inbox`: what waits for the user, without asking anything. */
import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { WaitingOutcome, waitingOutcome } from "./approve-tool.ts";
import type { Bridge } from "./bridge.ts";
import { waitingForPeople } from "./person-form.ts";
import { success, toolResult } from "./tool-result.ts";

const description = `What waits for the user in all plans that were handed off, or in one: approvals, and what only a person can do. It only looks; approve brings it before the user.`;

export function registerInbox(server: McpServer, bridge: Bridge): void {
  server.registerTool(
    "inbox",
    {
      title: "What waits for the user",
      description,
      inputSchema: z
        .object({ executionId: z.string().min(1).max(200).optional().describe("Only what waits in this execution") })
        .strict(),
      outputSchema: WaitingOutcome,
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
    ({ executionId }, context) =>
      toolResult(async () => {
        const client = await bridge.client();
        return success(waitingOutcome(await waitingForPeople(client, executionId, context.mcpReq.signal)));
      }),
  );
}
