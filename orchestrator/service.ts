/**
 * The orchestrator's use-cases as the HTTP API calls them: every write (`commands.ts`) and every read (`queries.ts`).
 * All of them throw `LonghaulError`; ids that do not exist are `not_found`, refused transitions `conflict`, bad plans `invalid_plan`
 * with `details.problems` (code, message, line, column, fix).
 */

import type { Action, CompleteActionRequest } from "./api/action-contract.ts";
import type {
  Capabilities,
  ControlRequest,
  ControlResponse,
  EventPage,
  EventQuery,
  ExecutionDetail,
  ExecutionList,
  ExecutionStatusResponse,
  HandoffRequest,
  HandoffResponse,
  Health,
  ListQuery,
  PreviewRequest,
  PreviewResponse,
} from "./api/contract.ts";

export type Commands = {
  handoff(request: HandoffRequest): Promise<HandoffResponse>;
  control(executionId: string, request: ControlRequest): Promise<ControlResponse>;
  completeAction(actionId: string, request: CompleteActionRequest): Promise<ControlResponse>;
};

export type Queries = {
  list(query: ListQuery): Promise<ExecutionList>;
  execution(executionId: string): Promise<ExecutionDetail>;
  status(executionId: string): Promise<ExecutionStatusResponse>;
  events(executionId: string, query: EventQuery): Promise<EventPage>;
  preview(request: PreviewRequest): Promise<PreviewResponse>;
  pendingActions(): Promise<Action[]>;
  health(): Promise<Health>;
  capabilities(): Promise<Capabilities>;
  /** Prometheus text and its content type. */
  metrics(): Promise<{ contentType: string; body: string }>;
  /**
   * Calls `wake` soon after new events of this execution were committed, by whichever node; may call it without cause and merges
   * bursts. Readers page with `events`. Returns the function that ends it.
   */
  follow(executionId: string, wake: () => void): () => void;
};
