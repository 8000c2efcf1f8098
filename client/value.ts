/** Calls about what executions were worth. */
import type { ValueReport } from "../orchestrator/api/value-contract.ts";
import type { Client } from "./client.ts";

export const valueOfExecution = (client: Client, executionId: string): Promise<ValueReport> =>
  client.ask({ method: "GET", path: `/api/executions/${encodeURIComponent(executionId)}/value` });

/** @param since ISO time; only executions handed off from then on */
export const valueOfAll = (client: Client, since?: string): Promise<ValueReport> =>
  client.ask({ method: "GET", path: since === undefined ? "/api/value" : `/api/value?since=${encodeURIComponent(since)}` });
