/**
 * Which executions changed, as a stream for lists: names only, gathered for a moment, so that a busy orchestrator costs its watchers little.
 * What this node does is told at once; what other nodes do to executions that nobody watches is not told, so a list also asks now and then.
 */
import { createRoute, z } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { refusals } from "./operation.ts";

const gatherMs = 60;
const heartbeatMs = 15_000;

const changesRoute = createRoute({
  method: "get",
  path: "/api/changes",
  operationId: "streamChanges",
  tags: ["executions"],
  summary: "Follow which executions change",
  description:
    'Server-sent events without end; `data` is `{"executionIds": […]}`. There is nothing to resume: read the list after connecting.',
  responses: {
    200: { description: "The stream.", content: { "text/event-stream": { schema: z.string() } } },
    ...refusals(),
  },
});

/** @param follow calls back with each execution that changed; returns the function that ends it */
export function changesRoutes(follow: (changed: (executionId: string) => void) => () => void): Feature {
  return (app) => {
    app.openapi(changesRoute, (c) => {
      const closing = c.env?.closing;
      const encoder = new TextEncoder();
      let end = () => {};
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const changed = new Set<string>();
          let gathering: ReturnType<typeof setTimeout> | undefined;
          const say = (text: string) => controller.enqueue(encoder.encode(text));
          const unfollow = follow((executionId) => {
            changed.add(executionId);
            gathering ??= setTimeout(() => {
              gathering = undefined;
              say(`data: ${JSON.stringify({ executionIds: [...changed] })}\n\n`);
              changed.clear();
            }, gatherMs);
          });
          const heartbeat = setInterval(() => say(": heartbeat\n\n"), heartbeatMs);
          const finish = () => {
            end();
            controller.close();
          };
          end = () => {
            unfollow();
            clearInterval(heartbeat);
            clearTimeout(gathering);
            closing?.removeEventListener("abort", finish);
          };
          closing?.addEventListener("abort", finish);
          say("retry: 1000\n: connected\n\n");
        },
        cancel: () => end(),
      });
      return c.body(body, 200, { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" });
    });
  };
}
