/** Calls about the files that tasks left. */
import type { ArtifactList } from "../orchestrator/api/artifact-contract.ts";
import type { Client } from "./client.ts";

export const artifactsOf = (client: Client, executionId: string, taskId?: string): Promise<ArtifactList> =>
  client.ask({
    method: "GET",
    path: `/api/executions/${executionId}/artifacts${taskId === undefined ? "" : `?taskId=${encodeURIComponent(taskId)}`}`,
  });

/** The bytes of one file. */
export async function artifactContent(client: Client, id: string): Promise<ReadableStream<Uint8Array>> {
  const { body } = await client.raw({ method: "GET", path: `/api/artifacts/${encodeURIComponent(id)}/content`, bounded: false });
  return body as ReadableStream<Uint8Array>;
}
