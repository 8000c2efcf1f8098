/** The orchestrator about itself: health, abilities, metrics. */
import { createRoute, type RouteHandler, z } from "@hono/zod-openapi";
import { Capabilities, Health, Liveness } from "./contract.ts";
import type { DoorApp, DoorEnv, Services } from "./door-env.ts";
import { jsonAnswer, refusals } from "./operation.ts";

const tags = ["system"];

export const healthRoute = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  tags,
  summary: "Is it alive, is it ready",
  description: "Without a token the answer says only that an orchestrator is there (for `doctor` and process monitors).",
  security: [{}, { bearer: [] }],
  responses: {
    ...refusals(),
    200: jsonAnswer(z.union([Health, Liveness]), "Alive; with the token, each dependency's state too."),
    503: {
      description: "Alive, but not able to work now.",
      content: { "application/json": { schema: Health } },
    },
  },
});

export const capabilitiesRoute = createRoute({
  method: "get",
  path: "/capabilities",
  operationId: "getCapabilities",
  tags,
  summary: "What it can run, and in which isolation",
  responses: { 200: jsonAnswer(Capabilities, "Executors, channels, formats, limits."), ...refusals() },
});

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  tags,
  summary: "Prometheus metrics",
  responses: {
    200: { description: "Prometheus text format.", content: { "text/plain": { schema: z.string() } } },
    ...refusals(),
  },
});

export type SystemHandlers = {
  health: RouteHandler<typeof healthRoute, DoorEnv>;
  capabilities: RouteHandler<typeof capabilitiesRoute, DoorEnv>;
};

export function systemHandlers({ queries }: Services): SystemHandlers {
  return {
    health: async (c) => {
      if (!c.get("authenticated")) return c.json({ service: "longhaul", status: "ok", live: true } as const, 200);
      const health = await queries.health();
      return health.ready ? c.json(health, 200) : c.json(health, 503);
    },
    capabilities: async (c) => c.json(await queries.capabilities(), 200),
  };
}

export function routeSystem(app: DoorApp, handlers: SystemHandlers, { queries }: Services): void {
  app.openapi(healthRoute, handlers.health);
  app.openapi(capabilitiesRoute, handlers.capabilities);
  app.openapi(metricsRoute, async (c) => {
    const { contentType, body } = await queries.metrics();
    return c.text(body, 200, { "content-type": contentType });
  });
}
