/** What probes ask without a token, and the alerts that stand. `/health` itself is in `system.ts`. */
import { createRoute, z } from "@hono/zod-openapi";
import type { HealthStore } from "../store/health.ts";
import type { Feature } from "./door-env.ts";
import { AlertList, Readiness } from "./health-contract.ts";
import { jsonAnswer, refusals } from "./operation.ts";

const mostAlerts = 500;

const readyRoute = createRoute({
  method: "get",
  path: "/health/ready",
  operationId: "getReadiness",
  tags: ["system"],
  summary: "Would a hand-off be accepted now",
  description: "For probes: needs no token and says nothing else.",
  security: [{}, { bearer: [] }],
  responses: {
    ...refusals(),
    200: jsonAnswer(Readiness, "It would."),
    503: { description: "Not now.", content: { "application/json": { schema: Readiness } } },
  },
});

const alertsRoute = createRoute({
  method: "get",
  path: "/api/alerts",
  operationId: "listAlerts",
  tags: ["system"],
  summary: "What of running tasks and disks is out of bounds, the oldest first",
  request: { query: z.object({ executionId: z.uuid().optional() }) },
  responses: { 200: jsonAnswer(AlertList, "The alerts that stand."), ...refusals() },
});

export function healthRoutes({ isReady, alerts }: { isReady(): Promise<boolean>; alerts: Pick<HealthStore, "open"> }): Feature {
  return (app) => {
    app.openapi(readyRoute, async (c) => {
      const ready = await isReady();
      const answer = { service: "longhaul", live: true, ready } as const;
      return ready ? c.json(answer, 200) : c.json(answer, 503);
    });
    app.openapi(alertsRoute, async (c) => {
      const rows = await alerts.open(c.req.valid("query").executionId, mostAlerts);
      const list = rows.map((row) => ({
        executionId: row.execution_id,
        taskId: row.task_id,
        metric: row.metric,
        level: row.level,
        message: row.message,
        since: row.raised_at.toISOString(),
      }));
      return c.json({ alerts: list }, 200);
    });
  };
}
