/** Calls about approvals. */
import type { ApprovalDecision, ApprovalList, DecisionAnswer } from "../orchestrator/api/approval-contract.ts";
import type { CallOptions, Client } from "./client.ts";

/** Without an execution the pending ones of all. */
export function approvals(client: Client, executionId?: string, options: CallOptions = {}): Promise<ApprovalList> {
  const query = executionId === undefined ? "" : `?executionId=${encodeURIComponent(executionId)}`;
  return client.ask({ method: "GET", path: `/api/approvals${query}`, ...options });
}

export const decide = (client: Client, id: string, body: ApprovalDecision, options: CallOptions = {}): Promise<DecisionAnswer> =>
  client.ask({ method: "POST", path: `/api/approvals/${encodeURIComponent(id)}`, body, ...options });
