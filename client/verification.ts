/** Calls about checks: evidence, running it again, gates. */
import type { EvidenceAnswer, GatesAnswer, ReplayAnswer } from "../orchestrator/api/verification-contract.ts";
import type { CallOptions, Client } from "./client.ts";

const execution = (id: string) => `/api/executions/${encodeURIComponent(id)}`;
const task = (id: string, taskId: string) => `${execution(id)}/tasks/${encodeURIComponent(taskId)}`;

export const evidenceOf = (client: Client, id: string, taskId: string, options: CallOptions = {}): Promise<EvidenceAnswer> =>
  client.ask({ method: "GET", path: `${task(id, taskId)}/evidence`, ...options });

export const verifyAgain = (client: Client, id: string, taskId: string, options: CallOptions = {}): Promise<ReplayAnswer> =>
  client.ask({ method: "POST", path: `${task(id, taskId)}/verify`, body: {}, ...options });

export const gatesOf = (client: Client, id: string, options: CallOptions = {}): Promise<GatesAnswer> =>
  client.ask({ method: "GET", path: `${execution(id)}/gates`, ...options });
