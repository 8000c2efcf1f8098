/**
 * Brings the artifacts that lie on this node's disk to the bucket, one after the other.
 *
 * Failure story. What is in the bucket is a column of the artifact's row, written after the service has taken the file; killed in between, it
 * is put again under the same key. The service is away: the rest waits half a minute, the files stay where they are. A file that changed or
 * went meanwhile is marked, so that it holds up nobody.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { LonghaulError } from "../domain/errors.ts";
import type { Dependency } from "../health/dependencies.ts";
import type { ArtifactRow, ArtifactStore } from "../store/artifacts.ts";
import type { Bucket } from "./bucket.ts";

export type UploaderOptions = {
  store: Pick<ArtifactStore, "pending" | "uploaded" | "lost">;
  bucket: Bucket;
  prefix: string;
  /** Folder with the attempts' directories. */
  directory: string;
  onError(error: unknown, doing: string): void;
};

const pollMs = 30_000;
const soonMs = 500;
const page = 50;

export class ArtifactUploader {
  readonly #options: UploaderOptions;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;
  #state: Dependency = { status: "unknown", detail: "nothing was brought yet" };

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** What the last file came to. */
  readonly state = (): Dependency => this.#state;

  start(): void {
    this.#schedule(soonMs);
  }

  /** There may be new artifacts. */
  wake(): void {
    if (this.#pass === undefined && this.#state.status !== "down") this.#schedule(soonMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** Brings all that waits. */
  async runOnce(): Promise<void> {
    const { store, directory } = this.#options;
    for (let full = true; full && !this.#stopped; ) {
      const rows = await store.pending(directory, page);
      full = rows.length === page;
      for (const row of rows) {
        if (this.#stopped) return;
        await this.#bring(row);
      }
    }
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#pass = this.runOnce()
        .catch((error: unknown) => {
          this.#state = { status: "down", detail: error instanceof Error ? error.message : String(error) };
          this.#options.onError(error, "bring artifacts to S3");
        })
        .finally(() => {
          this.#pass = undefined;
          this.#schedule(pollMs);
        });
    }, delayMs);
    this.#timer.unref();
  }

  async #bring(row: ArtifactRow): Promise<void> {
    const { store, bucket, prefix } = this.#options;
    const sha256 = await digestOf(row.location);
    const size = await stat(row.location).catch(() => undefined);
    if (sha256 === undefined || size === undefined || `sha256:${sha256}` !== row.digest) return store.lost(row.id, row.digest);
    const key = `${prefix}${row.execution_id}/${row.task_id ?? "plan"}/${row.attempt ?? 0}/${row.name}`;
    try {
      await bucket.put(key, { path: row.location, bytes: size.size, sha256, mediaType: row.media_type });
    } catch (error) {
      throw error instanceof LonghaulError
        ? error
        : new LonghaulError("unavailable", `${row.location} cannot be read`, { cause: error });
    }
    await store.uploaded(row.id, row.digest, key);
    this.#state = { status: "up", detail: `took a file at ${new Date().toISOString()}` };
  }
}

async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest("hex");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
