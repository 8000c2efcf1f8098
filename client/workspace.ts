/** Calls about checkpoints of an execution and going back to one. */
import type { CheckpointsAnswer, RollbackAnswer, RollbackInput } from "../orchestrator/api/workspace-contract.ts";
import type { CallOptions, Client } from "./client.ts";

const path = (executionId: string, noun: string) => `/api/executions/${encodeURIComponent(executionId)}/${noun}`;

export const checkpointsOf = (client: Client, executionId: string, options: CallOptions = {}): Promise<CheckpointsAnswer> =>
  client.ask({ method: "GET", path: path(executionId, "checkpoints"), ...options });

export const rollBack = (
  client: Client,
  executionId: string,
  body: RollbackInput,
  options: CallOptions = {},
): Promise<RollbackAnswer> => client.ask({ method: "POST", path: path(executionId, "rollback"), body, ...options });
