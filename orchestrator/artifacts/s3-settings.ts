/** The bucket that artifacts are brought to, and the variables that name it. */
import { z } from "zod";
import { LonghaulError } from "../domain/errors.ts";

/** Part of the environment's schema. */
export const s3Variables = {
  S3_ENDPOINT: z.url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" }).optional(),
  S3_BUCKET: z.string().default("longhaul"),
  S3_REGION: z.string().default("us-east-1"),
  S3_PREFIX: z.string().default(""),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
};

export type S3Settings = Readonly<{
  endpoint: string;
  bucket: string;
  region: string;
  /** Put in front of every key; ends with a slash where it is not empty. */
  prefix: string;
  accessKeyId: string;
  secretAccessKey: string;
}>;

/** @throws LonghaulError invalid_input when there is an endpoint without keys */
export function s3Of(values: z.infer<z.ZodObject<typeof s3Variables>>): S3Settings | undefined {
  const { S3_ENDPOINT: endpoint, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = values;
  if (endpoint === undefined) return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new LonghaulError("invalid_input", "S3_ENDPOINT is set, and S3_ACCESS_KEY_ID or S3_SECRET_ACCESS_KEY is not", {
      hint: "Set both keys, or take S3_ENDPOINT out to keep artifacts on disk.",
    });
  }
  const prefix = values.S3_PREFIX.replace(/^\/+|\/+$/g, "");
  return Object.freeze({
    endpoint: endpoint.replace(/\/+$/, ""),
    bucket: values.S3_BUCKET,
    region: values.S3_REGION,
    prefix: prefix === "" ? "" : `${prefix}/`,
    accessKeyId,
    secretAccessKey,
  });
}
