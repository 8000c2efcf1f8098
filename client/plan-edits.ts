/** Calls that change the plan of a running execution, or its file. */
import type { PlanEditAnswer, PlanEditInput, WriteBackAnswer, WriteBackInput } from "../orchestrator/api/plan-edit-contract.ts";
import type { CallOptions, Client } from "./client.ts";

const execution = (id: string) => `/api/executions/${encodeURIComponent(id)}`;

export const editPlan = (client: Client, id: string, body: PlanEditInput, options: CallOptions = {}): Promise<PlanEditAnswer> =>
  client.ask({ method: "POST", path: `${execution(id)}/plan`, body, ...options });

export const writeBack = (client: Client, id: string, body: WriteBackInput = {}): Promise<WriteBackAnswer> =>
  client.ask({ method: "POST", path: `${execution(id)}/write-back`, body });
