/**
 * A bucket on loopback that checks what S3 checks: the signature (Signature Version 4, reckoned here from Amazon's description, not with the
 * client's library), the digest of the body, the age of the request.
 */
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export type S3Server = {
  url: string;
  objects: Map<string, { body: Buffer; type: string | undefined }>;
  /** Codes of the requests that were refused. */
  refusals: string[];
  /** While true, every request gets 503. */
  setDown(down: boolean): void;
  close(): Promise<void>;
};

const sha256 = (data: Buffer | string) => createHash("sha256").update(data).digest("hex");
const hmac = (key: Buffer | string, text: string) => createHmac("sha256", key).update(text).digest();

export async function startS3Server(keys: { accessKeyId: string; secretAccessKey: string }, bucket: string): Promise<S3Server> {
  const objects: S3Server["objects"] = new Map();
  const refusals: string[] = [];
  let down = false;
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const refuse = (status: number, code: string) => {
        refusals.push(code);
        response.writeHead(status, { "content-type": "application/xml" });
        response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
      };
      if (down) return refuse(503, "SlowDown");
      const problem = problemOf(request, body, keys);
      if (problem !== undefined) return refuse(403, problem);
      const path = decodeURIComponent(request.url ?? "");
      if (!path.startsWith(`/${bucket}/`)) return refuse(404, "NoSuchBucket");
      const key = path.slice(bucket.length + 2);
      if (request.method === "PUT") {
        objects.set(key, { body, type: request.headers["content-type"] });
        response.writeHead(200, { etag: `"${createHash("md5").update(body).digest("hex")}"` }).end();
        return;
      }
      const object = objects.get(key);
      if (object === undefined) return refuse(404, "NoSuchKey");
      response.writeHead(200, { "content-type": object.type ?? "binary/octet-stream" }).end(object.body);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    refusals,
    setDown: (value) => (down = value),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Every sign but letters, digits and -._~ is escaped, however the client wrote it. */
const canonicalPath = (path: string) =>
  path
    .split("/")
    .map((part) =>
      encodeURIComponent(decodeURIComponent(part)).replace(
        /[!'()*]/g,
        (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join("/");

function problemOf(
  request: IncomingMessage,
  body: Buffer,
  keys: { accessKeyId: string; secretAccessKey: string },
): string | undefined {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([\w-]+)\/s3\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([\da-f]{64})$/.exec(
      request.headers.authorization ?? "",
    );
  if (parts === null) return "AccessDenied";
  const [, accessKeyId, day = "", region = "", signed = "", signature] = parts;
  if (accessKeyId !== keys.accessKeyId) return "InvalidAccessKeyId";
  const header = (name: string) => String(request.headers[name] ?? "");
  const at = header("x-amz-date");
  const ageMs = Date.now() - Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (!at.startsWith(day) || !(Math.abs(ageMs) < 900_000)) return "RequestTimeTooSkewed";
  const names = signed.split(";");
  if (!["host", "x-amz-date", "x-amz-content-sha256"].every((name) => names.includes(name))) return "AccessDenied";
  const digest = header("x-amz-content-sha256");
  if (digest !== "UNSIGNED-PAYLOAD" && digest !== sha256(body)) return "XAmzContentSHA256Mismatch";
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const canonical = [
    request.method,
    canonicalPath(path),
    query,
    ...names.map((name) => `${name}:${header(name).trim()}`),
    "",
    signed,
    digest,
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", at, `${day}/${region}/s3/aws4_request`, sha256(canonical)].join("\n");
  const key = ["s3", "aws4_request"].reduce(
    (last, word) => hmac(last, word),
    hmac(hmac(`AWS4${keys.secretAccessKey}`, day), region),
  );
  return hmac(key, text).toString("hex") === signature ? undefined : "SignatureDoesNotMatch";
}
