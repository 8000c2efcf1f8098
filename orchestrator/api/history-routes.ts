/** What tasks took before: from it, forecasts can be made without an orchestrator's help. */
import { createRoute } from "@hono/zod-openapi";
import type { History } from "../../plan/forecast.ts";
import type { Feature } from "./door-env.ts";
import { HistoryAnswer } from "./forecast-contract.ts";
import { jsonAnswer, refusals } from "./operation.ts";

const historyRoute = createRoute({
  method: "get",
  path: "/api/history",
  operationId: "getHistory",
  tags: ["plans"],
  summary: "What tasks took before, by kind",
  responses: { 200: jsonAnswer(HistoryAnswer, "Percentiles of duration and cost."), ...refusals() },
});

export function historyRoutes(history: () => Promise<History>): Feature {
  return (app) => {
    app.openapi(historyRoute, async (c) => c.json(HistoryAnswer.parse(await history()), 200));
  };
}
