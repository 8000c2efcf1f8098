/** Evidence of tasks, running it again, and what the gates said. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { IdParameter, jsonAnswer, jsonBody, refusals, withBody } from "./operation.ts";
import { EvidenceAnswer, GatesAnswer, ReplayAnswer } from "./verification-contract.ts";

export type VerificationQueries = {
  evidence(executionId: string, taskId: string): Promise<EvidenceAnswer>;
  replay(executionId: string, taskId: string): Promise<ReplayAnswer>;
  gates(executionId: string): Promise<GatesAnswer>;
};

const tags = ["verification"];
const params = IdParameter.extend({
  taskId: z
    .string()
    .min(1)
    .max(200)
    .openapi({ param: { name: "taskId", in: "path" }, example: "01-02" }),
});

const evidenceRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/tasks/{taskId}/evidence",
  operationId: "getEvidence",
  tags,
  summary: "What the orchestrator saw when it checked a task",
  request: { params },
  responses: { 200: jsonAnswer(EvidenceAnswer, "One entry per check; empty when none was run."), ...refusals(404) },
});

const replayRoute = createRoute({
  method: "post",
  path: "/api/executions/{id}/tasks/{taskId}/verify",
  operationId: "verifyTask",
  tags,
  summary: "Run a task's checks again and compare",
  description: "Answers when the checks have ended. The execution does not change.",
  request: { params, body: jsonBody(z.object({}).strict(), false) },
  responses: { 200: jsonAnswer(ReplayAnswer, "What was seen then and now."), ...refusals(...withBody, 404, 409) },
});

const gatesRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/gates",
  operationId: "listGates",
  tags,
  summary: "What the gates of an execution said",
  request: { params: IdParameter },
  responses: { 200: jsonAnswer(GatesAnswer, "Oldest first."), ...refusals(404) },
});

export function verificationRoutes(queries: VerificationQueries): Feature {
  return (app) => {
    app.openapi(evidenceRoute, async (c) => {
      const { id, taskId } = c.req.valid("param");
      return c.json(await queries.evidence(id, taskId), 200);
    });
    app.openapi(replayRoute, async (c) => {
      const { id, taskId } = c.req.valid("param");
      return c.json(await queries.replay(id, taskId), 200);
    });
    app.openapi(gatesRoute, async (c) => c.json(await queries.gates(c.req.valid("param").id), 200));
  };
}
