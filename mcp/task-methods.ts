/**
 * The methods of the tasks extension. A task is an execution seen from the client: nothing is remembered here, so a session that is
 * resumed in another process, or after a reboot, finds its tasks again by their ids.
 */
import { type McpServer, ProtocolError, ProtocolErrorCode, type Result } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Client } from "../client/client.ts";
import type { Bridge } from "./bridge.ts";
import { answerOf } from "./task-input.ts";
import { taskState } from "./task-state.ts";
import { failureText } from "./tool-result.ts";

const TaskReference = z.object({ taskId: z.string().min(1).max(200) });

export function registerTasks({ server }: McpServer, bridge: Bridge): void {
  server.setRequestHandler("tasks/get", { params: TaskReference }, ({ taskId }, { mcpReq: { signal } }) =>
    withClient(bridge, async (client) => {
      const execution = await client.status(taskId, { signal });
      const isOpen = execution.finishedAt === null && execution.blockers.length > 0;
      const actions = isOpen ? await client.pendingActions({ signal }) : [];
      return taskState(
        execution,
        actions.filter((action) => action.executionId === taskId),
      );
    }),
  );

  server.setRequestHandler("tasks/update", { params: TaskReference }, ({ taskId }, { mcpReq: { signal, inputResponses = {} } }) =>
    withClient(bridge, async (client) => {
      const pending = await client.pendingActions({ signal });
      const known = new Set(pending.filter((action) => action.executionId === taskId).map(({ id }) => id));
      for (const [actionId, response] of Object.entries(inputResponses)) {
        const answer = answerOf(response);
        // An action that is gone was answered elsewhere in the meantime: the first answer counts.
        if (answer !== undefined && known.has(actionId)) await client.completeAction(actionId, answer, { signal });
      }
      return {};
    }),
  );

  server.setRequestHandler("tasks/cancel", { params: TaskReference }, ({ taskId }, { mcpReq: { signal } }) =>
    withClient(bridge, async (client) => {
      const reason = "cancelled in the Claude Code session";
      const { finishedAt } = await client.status(taskId, { signal });
      if (finishedAt === null) await client.control(taskId, { action: "cancel", reason }, { signal });
      return {};
    }),
  );
}

/** A task that does not exist is the caller's mistake; everything else (the orchestrator restarts) may pass. */
async function withClient(bridge: Bridge, run: (client: Client) => Promise<Result>): Promise<Result> {
  try {
    return await run(await bridge.client());
  } catch (error) {
    const isUnknown = error instanceof Error && "status" in error && error.status === 404;
    throw new ProtocolError(isUnknown ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError, failureText(error));
  }
}
