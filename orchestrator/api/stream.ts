/**
 * The live view of an execution on one path: server-sent events, or a WebSocket when the request is an upgrade. Both resume from a sequence
 * number and end with an `end` message once the execution is over and everything was sent; a connection that closes without one was cut
 * (the orchestrator restarts, the database is away) and the client comes back with the last number it has.
 */
import { createRoute, type RouteHandler, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { WebSocket } from "ws";
import type { DoorApp, DoorEnv, DoorLog, Services } from "./door-env.ts";
import { type LiveBatch, type LiveOptions, liveEvents } from "./live-events.ts";
import { IdParameter, refusals } from "./operation.ts";

const sequenceNumber = z.coerce.number().int().min(0).openapi({ type: "integer", minimum: 0 });

export const streamRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/stream",
  operationId: "streamEvents",
  tags: ["executions"],
  summary: "Follow an execution live",
  description:
    "Server-sent events: `id` is the sequence number, `event` the type, `data` the event as JSON. With `Upgrade: websocket` each message is " +
    'an event as JSON, the last one `{"type":"end",…}`.',
  request: {
    params: IdParameter,
    query: z.object({ after: sequenceNumber.default(0) }),
    headers: z.object({ "last-event-id": sequenceNumber.optional() }),
  },
  responses: {
    200: { description: "The stream.", content: { "text/event-stream": { schema: z.string() } } },
    101: { description: "The WebSocket." },
    ...refusals(404),
  },
});

export type StreamHandler = RouteHandler<typeof streamRoute, DoorEnv>;

export type StreamSettings = { heartbeatMs: number };

export function streamHandler({ queries, log }: Services, settings: StreamSettings): StreamHandler {
  return async (c) => {
    const executionId = c.req.valid("param").id;
    const after = c.req.valid("header")["last-event-id"] ?? c.req.valid("query").after;
    // An execution that does not exist is a plain 404, not an empty stream.
    await queries.events(executionId, { after: 0, limit: 1 });
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, ...(c.env?.closing ? [c.env.closing] : [])]);
    const options: LiveOptions = { executionId, after, heartbeatMs: settings.heartbeatMs, signal };
    const connection = { batches: liveEvents(queries, options), gone, log, correlationId: c.get("correlationId") };
    if (c.env?.acceptWebSocket !== undefined) {
      c.env.acceptWebSocket((socket) => void sendOverWebSocket(socket, connection));
      return c.body(null, 200);
    }
    return serverSentEvents(c, connection);
  };
}

export function routeStream(app: DoorApp, handler: StreamHandler): void {
  app.openapi(streamRoute, handler);
}

type Connection = {
  batches: AsyncGenerator<LiveBatch, void, undefined>;
  /** Aborted when the client went away. */
  gone: AbortController;
  log: DoorLog;
  correlationId: string;
};

function serverSentEvents(c: Context<DoorEnv>, { batches, gone, log, correlationId }: Connection): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // Sent at once, so that clients and proxies see the connection stand.
      controller.enqueue(encoder.encode("retry: 1000\n: connected\n\n"));
    },
    // Called only when the connection takes more: this is the backpressure.
    async pull(controller) {
      try {
        const next = await batches.next();
        if (gone.signal.aborted) return;
        if (next.done === true) controller.close();
        else controller.enqueue(encoder.encode(formatBatch(next.value)));
      } catch (error) {
        if (gone.signal.aborted) return;
        log.warn({ correlationId, err: error }, "a stream was cut");
        controller.close();
      }
    },
    cancel: async () => {
      gone.abort();
      await batches.return();
    },
  });
  return c.body(body, 200, { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" });
}

function formatBatch(batch: LiveBatch): string {
  if (batch.kind === "heartbeat") return ": heartbeat\n\n";
  if (batch.kind === "end") return `event: end\ndata: ${JSON.stringify(batch.end)}\n\n`;
  return batch.events.map((event) => `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

const goingAway = 1012;

async function sendOverWebSocket(socket: WebSocket, { batches, gone, log, correlationId }: Connection): Promise<void> {
  let answeredPing = true;
  socket.on("pong", () => {
    answeredPing = true;
  });
  socket.on("close", () => gone.abort());
  socket.on("error", () => socket.terminate());
  try {
    for await (const batch of batches) {
      if (batch.kind === "heartbeat") {
        if (!answeredPing) socket.terminate();
        answeredPing = false;
        socket.ping();
      } else if (batch.kind === "end") {
        await sent(socket, JSON.stringify({ type: "end", ...batch.end }));
        socket.close(1000, "the execution ended");
        return;
      } else {
        for (const event of batch.events) await sent(socket, JSON.stringify(event));
      }
    }
  } catch (error) {
    if (!gone.signal.aborted) log.warn({ correlationId, err: error }, "a stream was cut");
  }
  socket.close(goingAway, "come back with the last sequence number");
}

/** Resolves once the message has left for the network, so that a slow reader holds the next one back. */
async function sent(socket: WebSocket, message: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.send(message, (error) => (error ? reject(error) : resolve()));
  });
}
