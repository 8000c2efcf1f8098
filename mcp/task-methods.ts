/**
 * The methods of the tasks extension. A task is an execution seen from the client: nothing is remembered here, so a session that is
 * resumed in another process, or after a reboot, finds its tasks again by their ids.
 */
import { type McpServer, ProtocolError, ProtocolErrorCode, type Result } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Client } from "../client/client.ts";
import type { Bridge } from "./bridge.ts";
import { takeAnswers, waitingForPeople } from "./person-form.ts";
import { taskState } from "./task-state.ts";
import { failureText } from "./tool-result.ts";

const TaskReference = z.object({ taskId: z.string().min(1).max(200) });

export function registerTasks({ server }: McpServer, bridge: Bridge): void {
  server.setRequestHandler("tasks/get", { params: TaskReference }, ({ taskId }, { mcpReq: { signal } }) =>
    withClient(bridge, async (client) => {
      const execution = await client.status(taskId, { signal });
      const isOpen = execution.finishedAt === null && execution.blockers.length > 0;
      return taskState(execution, isOpen ? await waitingForPeople(client, taskId, signal) : { approvals: [], actions: [] });
    }),
  );

  server.setRequestHandler("tasks/update", { params: TaskReference }, ({ taskId }, { mcpReq: { signal, inputResponses = {} } }) =>
    withClient(bridge, async (client) => {
      // What is gone was answered elsewhere in the meantime: the first answer counts.
      await takeAnswers(client, await waitingForPeople(client, taskId, signal), inputResponses, signal);
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
