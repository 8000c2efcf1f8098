/** Files that tasks left. */
import { z } from "@hono/zod-openapi";

export const Artifact = z
  .object({
    id: z.string(),
    executionId: z.string(),
    taskId: z.string().nullable(),
    attempt: z.number().int().nullable(),
    name: z.string(),
    mediaType: z.string(),
    bytes: z.number().int(),
    digest: z.string(),
    /** On the disk of the node that ran the task. */
    location: z.string(),
    /** In the bucket; null while it is not there. */
    objectKey: z.string().nullable(),
    createdAt: z.string(),
  })
  .openapi("Artifact");
export type Artifact = z.infer<typeof Artifact>;

export const ArtifactList = z.object({ artifacts: z.array(Artifact) }).openapi("ArtifactList");
export type ArtifactList = z.infer<typeof ArtifactList>;
