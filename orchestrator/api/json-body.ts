/** Reads request bodies: JSON only, counted while they arrive, and with the place of the mistake when they are broken. */
import { findJsonFault } from "./json-fault.ts";
import { Refusal } from "./problem.ts";

/**
 * Returns the request with its body checked and in memory; an absent body counts as `{}`, so that validation names what is missing.
 * @throws Refusal unsupported_media_type, too_large, bad_request
 */
export async function withCheckedBody(request: Request, maxBytes: number): Promise<Request> {
  const contentType = request.headers.get("content-type");
  if (contentType !== null && !/^application\/json *(;|$)/i.test(contentType)) throw notJson(contentType);
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);

  const bytes = await readAtMost(request, maxBytes);
  if (bytes.length > 0 && contentType === null) throw notJson("none");
  const text = decode(bytes);
  if (text.trim() !== "") checkSyntax(text);
  const headers = new Headers(request.headers);
  headers.set("content-type", "application/json");
  headers.delete("content-length");
  headers.delete("transfer-encoding");
  return new Request(request.url, {
    method: request.method,
    headers,
    body: text.trim() === "" ? "{}" : text,
    signal: request.signal,
  });
}

const mostFormBytes = 16 * 1024;

/**
 * The request of a page's form, with its few fields in memory; anything without a body passes.
 * @throws Refusal unsupported_media_type, too_large
 */
export async function withCheckedForm(request: Request): Promise<Request> {
  if (request.method === "GET" || request.method === "HEAD") return request;
  const contentType = request.headers.get("content-type");
  if (contentType === null || !/^application\/x-www-form-urlencoded *(;|$)/i.test(contentType)) {
    throw new Refusal("unsupported_media_type", "This page takes only what its own form sends.");
  }
  const body = await readAtMost(request, mostFormBytes);
  return new Request(request.url, {
    method: request.method,
    headers: { "content-type": contentType },
    body: new Uint8Array(body),
  });
}

/** Chunked bodies announce no length, so the bytes are counted, and reading stops at the limit. */
async function readAtMost(request: Request, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal("bad_request", "The body is not valid UTF-8.", { hint: "Binary files cannot be handed off as text." });
  }
}

function checkSyntax(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    const fault = findJsonFault(text);
    if (fault === undefined) return;
    const found =
      fault.offset >= text.length ? "the text ends" : `found ${JSON.stringify(text.slice(fault.offset, fault.offset + 12))}`;
    throw new Refusal(
      "bad_request",
      `The body is not valid JSON: line ${fault.line}, column ${fault.column}: expected ${fault.expected}, ${found}.`,
      {
        errors: [{ location: "body", ...fault }],
      },
    );
  }
}

function notJson(contentType: string): Refusal {
  return new Refusal(
    "unsupported_media_type",
    `The body's content type is ${JSON.stringify(contentType.slice(0, 100))}; this API reads JSON only.`,
    {
      hint: "Send the header 'Content-Type: application/json'.",
    },
  );
}

function tooLarge(maxBytes: number): Refusal {
  return new Refusal("too_large", `The body is larger than ${maxBytes} bytes.`, {
    hint: "Hand off the plan by its path on this machine, or split it.",
    headers: { connection: "close" },
  });
}
