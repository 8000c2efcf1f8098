/** Lists the files that tasks left, and hands them out: from this node's disk, else from the bucket. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Artifacts } from "../artifacts/artifacts.ts";
import type { ArtifactRow } from "../store/artifacts.ts";
import { type Artifact, ArtifactList } from "./artifact-contract.ts";
import type { Feature } from "./door-env.ts";
import { IdParameter, jsonAnswer, refusals } from "./operation.ts";

const tags = ["artifacts"];

const listRoute = createRoute({
  method: "get",
  path: "/api/executions/{id}/artifacts",
  operationId: "listArtifacts",
  tags,
  summary: "The files that its tasks left",
  request: { params: IdParameter, query: z.object({ taskId: z.string().optional() }) },
  responses: { 200: jsonAnswer(ArtifactList, "Oldest first."), ...refusals(404) },
});

const contentRoute = createRoute({
  method: "get",
  path: "/api/artifacts/{id}/content",
  operationId: "getArtifactContent",
  tags,
  summary: "One file",
  request: { params: IdParameter },
  responses: {
    200: { description: "Its bytes.", content: { "application/octet-stream": { schema: z.string() } } },
    ...refusals(404),
  },
});

export function artifactRoutes({ list, open }: Pick<Artifacts, "list" | "open">): Feature {
  return (app) => {
    app.openapi(listRoute, async (c) => {
      const rows = await list(c.req.valid("param").id, c.req.valid("query").taskId);
      return c.json({ artifacts: rows.map(artifactOf) }, 200);
    });
    app.openapi(contentRoute, async (c) => {
      const { row, stream } = await open(c.req.valid("param").id);
      // Whatever a task wrote is never shown as a page of this origin.
      return c.body(stream, 200, {
        "content-type": "application/octet-stream",
        "content-length": row.bytes,
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(row.name.split("/").at(-1) ?? "artifact")}`,
      });
    });
  };
}

const artifactOf = (row: ArtifactRow): Artifact => ({
  id: row.id,
  executionId: row.execution_id,
  taskId: row.task_id,
  attempt: row.attempt,
  name: row.name,
  mediaType: row.media_type,
  bytes: Number(row.bytes),
  digest: row.digest,
  location: row.location,
  objectKey: row.object_key,
  createdAt: row.created_at.toISOString(),
});
