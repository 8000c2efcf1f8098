/** Letting go of what ended long ago. */
import { createRoute } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { jsonAnswer, refusals } from "./operation.ts";
import { PruneAnswer, PruneRequest } from "./retention-contract.ts";

const pruneRoute = createRoute({
  method: "post",
  path: "/api/prune",
  operationId: "prune",
  tags: ["system"],
  summary: "Let go of events, logs and artifacts whose time is over, or say what that would be",
  request: { body: { content: { "application/json": { schema: PruneRequest } }, required: true } },
  responses: { 200: jsonAnswer(PruneAnswer, "What was, or would be, removed."), ...refusals() },
});

export function retentionRoutes(prune: (how: { dryRun: boolean }) => Promise<PruneAnswer>): Feature {
  return (app) => {
    app.openapi(pruneRoute, async (c) => c.json(await prune(c.req.valid("json")), 200));
  };
}
