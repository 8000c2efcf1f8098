/**
 * The typed HTTP client of the orchestrator, for mcp, the command line and tests. It takes only types from the server, so that it loads in
 * a moment.
 *
 * @example
 * const client = createClient({ url: "http://127.0.0.1:8400", token });
 * const { executionId } = await client.handoff({ text: "- [ ] `npm test`" });
 * for await (const event of client.stream(executionId)) console.log(event.type);
 */

import type { Action, ActionList, CompleteActionInput } from "../orchestrator/api/action-contract.ts";
import type {
  Capabilities,
  ControlRequest,
  ControlResponse,
  Event,
  EventPage,
  EventQuery,
  ExecutionDetail,
  ExecutionList,
  ExecutionStatusResponse,
  HandoffInput,
  HandoffResponse,
  Health,
  ListQuery,
  PreviewRequest,
  PreviewResponse,
  StreamEnd,
} from "../orchestrator/api/contract.ts";
import { followChanges } from "./changes.ts";
import { followEvents } from "./event-stream.ts";
import { type Call, createTransport, type TransportOptions } from "./transport.ts";

export type ClientOptions = TransportOptions;
export type CallOptions = { signal?: AbortSignal | undefined };
export type StreamOptions = {
  /** The last sequence number already known; 0 (default) starts at the first event. */
  after?: number;
  signal?: AbortSignal | undefined;
  /** Told when the connection stands, and when it was lost. */
  onConnection?: (isUp: boolean) => void;
};

/** Every method rejects with `ApiError`, or with the signal's reason once that was aborted. */
export type Client = {
  /** Any call of the API; the files beside this one give the calls of one noun their types. */
  ask<Answer>(call: Call): Promise<Answer>;
  /** The same where the answer is no JSON. */
  raw(call: Call): Promise<Response>;
  handoff(request: HandoffInput, options?: CallOptions): Promise<HandoffResponse>;
  preview(request: PreviewRequest, options?: CallOptions): Promise<PreviewResponse>;
  list(query?: Partial<ListQuery>, options?: CallOptions): Promise<ExecutionList>;
  execution(executionId: string, options?: CallOptions): Promise<ExecutionDetail>;
  status(executionId: string, options?: CallOptions): Promise<ExecutionStatusResponse>;
  events(executionId: string, query?: Partial<EventQuery>, options?: CallOptions): Promise<EventPage>;
  control(executionId: string, request: ControlRequest, options?: CallOptions): Promise<ControlResponse>;
  pendingActions(options?: CallOptions): Promise<Action[]>;
  completeAction(actionId: string, request?: CompleteActionInput, options?: CallOptions): Promise<ControlResponse>;
  health(options?: CallOptions): Promise<Health>;
  capabilities(options?: CallOptions): Promise<Capabilities>;
  /**
   * The events of an execution in order, each once, without end until the execution has one; lost connections and restarts of the
   * orchestrator are bridged. Returns how the execution ended.
   */
  stream(executionId: string, options?: StreamOptions): AsyncGenerator<Event, StreamEnd, undefined>;
  /** Ids of executions that change, without end; an empty list at each new connection, where anything may have changed. */
  changes(options?: CallOptions): AsyncGenerator<string[], void, undefined>;
};

export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options);

  async function ask<Answer>(call: Call): Promise<Answer> {
    const response = await transport(call);
    return (await response.json()) as Answer;
  }
  const execution = (id: string) => `/api/executions/${encodeURIComponent(id)}`;

  return {
    ask,
    raw: transport,
    handoff: (body, call) => ask({ method: "POST", path: "/api/executions", body, ...call }),
    preview: (body, call) => ask({ method: "POST", path: "/api/plans/preview", body, ...call }),
    list: (query, call) => ask({ method: "GET", path: `/api/executions${searchOf(query)}`, ...call }),
    execution: (id, call) => ask({ method: "GET", path: execution(id), ...call }),
    status: (id, call) => ask({ method: "GET", path: `${execution(id)}/status`, ...call }),
    events: (id, query, call) => ask({ method: "GET", path: `${execution(id)}/events${searchOf(query)}`, ...call }),
    control: (id, body, call) => ask({ method: "POST", path: `${execution(id)}/control`, body, ...call }),
    pendingActions: async (call) => (await ask<ActionList>({ method: "GET", path: "/api/actions/pending", ...call })).actions,
    completeAction: (id, body = {}, call = {}) =>
      ask({ method: "POST", path: `/api/actions/${encodeURIComponent(id)}/complete`, body, ...call }),
    health: (call) => ask({ method: "GET", path: "/health", mayBeUnready: true, ...call }),
    capabilities: (call) => ask({ method: "GET", path: "/capabilities", ...call }),
    changes: (call = {}) => followChanges(transport, call),
    stream: (id, stream = {}) => followEvents(transport, `${execution(id)}/stream`, stream),
  };
}

function searchOf(query: Record<string, string | number | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? "" : `?${search.toString()}`;
}
