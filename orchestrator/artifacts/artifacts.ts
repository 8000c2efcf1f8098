/** Artifacts of one node, put together. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { artifactRoutes } from "../api/artifact-routes.ts";
import type { Feature } from "../api/door-env.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Dependency } from "../health/dependencies.ts";
import { type ArtifactRow, createArtifactStore } from "../store/artifacts.ts";
import type { Database } from "../store/db.ts";
import type { ExecutionStore } from "../store/executions.ts";
import { openBucket } from "./bucket.ts";
import type { S3Settings } from "./s3-settings.ts";
import { ArtifactUploader } from "./uploader.ts";

export type Artifacts = {
  /** @throws LonghaulError not_found */
  list(executionId: string, taskId: string | undefined): Promise<ArtifactRow[]>;
  /** @throws LonghaulError not_found when it lies on another node's disk or was let go of */
  open(id: string): Promise<{ row: ArtifactRow; stream: ReadableStream<Uint8Array> }>;
  feature: Feature;
  /** State of the bucket; undefined where none is configured. */
  state: (() => Dependency) | undefined;
  start(): void;
  wake(): void;
  stop(): Promise<void>;
};

const mostListed = 1000;

export type ArtifactParts = {
  home: string;
  s3: S3Settings | undefined;
  database: Database;
  executions: Pick<ExecutionStore, "execution">;
  onError(error: unknown, doing: string): void;
};

export function createArtifacts({ home, s3, database, executions, onError }: ArtifactParts): Artifacts {
  const store = createArtifactStore(database);
  const bucket = s3 === undefined ? undefined : openBucket(s3);
  const uploader =
    s3 === undefined || bucket === undefined
      ? undefined
      : new ArtifactUploader({ store, bucket, prefix: s3.prefix, directory: join(home, "executions"), onError });

  async function list(executionId: string, taskId: string | undefined) {
    await executions.execution(executionId);
    return store.list(executionId, taskId, mostListed);
  }

  async function open(id: string) {
    const row = await store.find(id);
    if (row === undefined) throw new LonghaulError("not_found", `No artifact ${id}`);
    const file = await stat(row.location).catch(() => undefined);
    if (file?.isFile() && file.size === Number(row.bytes))
      return { row, stream: Readable.toWeb(createReadStream(row.location)) as ReadableStream<Uint8Array> };
    if (row.object_key !== null && bucket !== undefined) return { row, stream: await bucket.get(row.object_key) };
    throw new LonghaulError("not_found", `The file of artifact ${id} is not on this node: ${row.location}`, {
      hint: "It lies on the node that ran the task, or was let go of. With S3_ENDPOINT every node can hand it out.",
    });
  }

  return {
    list,
    open,
    feature: artifactRoutes({ list, open }),
    state: uploader?.state,
    start: () => uploader?.start(),
    wake: () => uploader?.wake(),
    stop: async () => uploader?.stop(),
  };
}
