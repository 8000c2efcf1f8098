/** One task of an execution. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Feature } from "./door-env.ts";
import { jsonAnswer, refusals } from "./operation.ts";
import { TaskPage } from "./task-contract.ts";

const taskRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/tasks/{taskId}",
  operationId: "getTask",
  tags: ["executions"],
  summary: "Everything about one task",
  request: { params: z.object({ id: z.uuid(), taskId: z.string().min(1).max(500) }) },
  responses: { 200: jsonAnswer(TaskPage, "The task, its neighbours and its attempts."), ...refusals(404) },
});

export function taskRoutes(page: (executionId: string, taskId: string) => Promise<TaskPage>): Feature {
  return (app) => {
    app.openapi(taskRoute, async (c) => {
      const { id, taskId } = c.req.valid("param");
      return c.json(await page(id, taskId), 200);
    });
  };
}
