/** The tool `list`: what was handed off, newest first. */
import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Bridge } from "./bridge.ts";
import { executionStatuses } from "./execution-words.ts";
import { oneLine } from "./task-text.ts";
import { success, toolResult } from "./tool-result.ts";

const description = `Plans handed off to Longhaul, newest first, of all sessions on this machine or only of this one. For one of them, use status.`;

const ListArguments = z
  .object({
    status: z.enum(executionStatuses).optional().describe("Only those in this state"),
    thisSession: z.boolean().default(false).describe("Only those handed off by this Claude Code session"),
    limit: z.number().int().min(1).max(20).default(10),
    cursor: z.string().max(500).optional().describe("nextCursor of the previous page"),
  })
  .strict();

const ListOutcome = z.object({
  summary: z.string(),
  executions: z.array(
    z.object({
      executionId: z.string(),
      title: z.string(),
      status: z.enum(executionStatuses),
      done: z.number().int(),
      total: z.number().int(),
      createdAt: z.string(),
      finishedAt: z.string().nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
});

export function registerList(server: McpServer, bridge: Bridge): void {
  server.registerTool(
    "list",
    {
      title: "List executions",
      description,
      inputSchema: ListArguments,
      outputSchema: ListOutcome,
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
    ({ status, thisSession, limit, cursor }, context) =>
      toolResult(async () => {
        if (thisSession && bridge.conversationId === undefined)
          throw new Error("This session has no id. What to do: list without thisSession.");
        const client = await bridge.client();
        const { signal } = context.mcpReq;
        const conversationId = thisSession ? bridge.conversationId : undefined;
        const query = {
          limit,
          ...(status === undefined ? {} : { status }),
          ...(cursor === undefined ? {} : { cursor }),
          ...(conversationId === undefined ? {} : { conversationId }),
        };
        const { executions, nextCursor } = await client.list(query, { signal });
        return success({
          summary: summaryOf(
            executions.map((execution) => execution.status),
            nextCursor !== null,
          ),
          executions: executions.map((execution) => ({
            executionId: execution.executionId,
            title: oneLine(execution.title, 80),
            status: execution.status,
            done: execution.progress.current,
            total: execution.progress.total,
            createdAt: execution.createdAt,
            finishedAt: execution.finishedAt,
          })),
          nextCursor,
        });
      }),
  );
}

/** E.g. `3 executions: 1 running, 2 completed; there are more.` */
function summaryOf(statuses: string[], more: boolean): string {
  if (statuses.length === 0) return "No executions.";
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  const parts = [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
  return `${statuses.length} ${statuses.length === 1 ? "execution" : "executions"}: ${parts}${more ? "; there are more" : ""}.`;
}
