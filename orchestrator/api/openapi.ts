/** The API's description of itself, made from the same schemas that validate the requests. */
import { createRoute, z } from "@hono/zod-openapi";
import type { DoorApp } from "./door-env.ts";
import { jsonAnswer, refusals } from "./operation.ts";

const openApiRoute = createRoute({
  method: "get",
  path: "/openapi.json",
  operationId: "getOpenApi",
  tags: ["system"],
  summary: "This document",
  responses: { 200: jsonAnswer(z.record(z.string(), z.unknown()), "OpenAPI 3.1."), ...refusals() },
});

/** Call it after every other route: the document lists what is registered when it is first asked for. */
export function routeOpenApi(app: DoorApp, version: string): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "The token in LONGHAUL_HOME/token.",
  });
  let document: Record<string, unknown> | undefined;
  app.openapi(openApiRoute, (c) => {
    document ??= { ...app.getOpenAPI31Document(headOf(version)) };
    return c.json(document, 200);
  });
}

function headOf(version: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "Longhaul",
      version,
      description: "Hand a plan to a durable background executor and follow it. Errors are RFC 9457 problem details.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    tags: [
      { name: "executions", description: "Plans that were handed off" },
      { name: "plans", description: "Plans before they run" },
      { name: "actions", description: "What only a person can do" },
      { name: "system", description: "The orchestrator itself" },
      { name: "aliases", description: "Other names of the operations above" },
    ],
  };
}
