/** Objects of one S3 bucket. Requests are signed (Signature Version 4); the digest of what is put goes along, so that the service checks it. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { AwsClient } from "aws4fetch";
import { LonghaulError } from "../domain/errors.ts";
import type { S3Settings } from "./s3-settings.ts";

export type Bucket = {
  /** @param sha256 of the file, in hex; the service refuses another content */
  put(key: string, file: { path: string; bytes: number; sha256: string; mediaType: string }): Promise<void>;
  /** @throws LonghaulError not_found, unavailable */
  get(key: string): Promise<ReadableStream<Uint8Array>>;
};

const answerMs = 60_000;
/** A slow line is given this much per megabyte. */
const perMegabyteMs = 2_000;

export function openBucket({ endpoint, bucket, region, ...keys }: S3Settings): Bucket {
  let client: Promise<AwsClient> | undefined;
  const connect = () => {
    client ??= import("aws4fetch").then(({ AwsClient }) => new AwsClient({ ...keys, region, service: "s3", retries: 0 }));
    return client;
  };
  const urlOf = (key: string) => `${endpoint}/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;

  async function send(key: string, request: RequestInit & { duplex?: "half" }, timeoutMs: number): Promise<Response> {
    const signed = await (await connect()).sign(urlOf(key), request);
    const response = await fetch(signed, { signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
      const { cause, message } = error as Error & { cause?: { code?: string } };
      throw new LonghaulError("unavailable", `S3 does not answer: ${cause?.code ?? message}`, { retryable: true, cause: error });
    });
    if (response.ok) return response;
    const code = /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? "";
    if (response.status === 404) throw new LonghaulError("not_found", `S3 has no ${bucket}/${key} (${code || "404"})`);
    throw new LonghaulError("unavailable", `S3 refuses ${bucket}/${key}: ${response.status} ${code}`.trim(), {
      retryable: response.status >= 500 || response.status === 429,
    });
  }

  return {
    async put(key, { path, bytes, sha256, mediaType }) {
      const headers = { "content-type": mediaType, "content-length": String(bytes), "x-amz-content-sha256": sha256 };
      const body = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
      const timeoutMs = answerMs + Math.ceil(bytes / 1024 / 1024) * perMegabyteMs;
      const response = await send(key, { method: "PUT", headers, body, duplex: "half" }, timeoutMs);
      await response.body?.cancel();
    },
    async get(key) {
      const { body } = await send(key, { method: "GET" }, answerMs);
      return body as ReadableStream<Uint8Array>;
    },
  };
}
