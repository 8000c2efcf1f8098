/** Calls about one task. */
import type { TaskPage } from "../orchestrator/api/task-contract.ts";
import type { CallOptions, Client } from "./client.ts";

export const taskPage = (client: Client, id: string, taskId: string, options: CallOptions = {}): Promise<TaskPage> =>
  client.ask({
    method: "GET",
    path: `/api/executions/${encodeURIComponent(id)}/tasks/${encodeURIComponent(taskId)}`,
    ...options,
  });
