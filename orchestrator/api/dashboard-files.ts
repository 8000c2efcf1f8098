/**
 * The built dashboard from its folder. Files under `assets/` carry a hash in their name and never change; every other path is the page
 * itself, which finds its own way. Read once each, and compressed once, when a browser first asks.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

export type DashboardFiles = {
  /** @param path below /dashboard/ */
  answer(path: string, header: (name: string) => string | undefined): Promise<Response>;
};

const contentTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** Nothing inline, nothing from elsewhere; what a task printed can be shown, but never run. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

type File = { body: Buffer; packed: Buffer | undefined; type: string; etag: string };

/** @param prepare makes the folder complete; called once, before the first file is read */
export function createDashboardFiles(folder: string, prepare: () => Promise<void>): DashboardFiles {
  const files = new Map<string, Promise<File | undefined>>();
  let names: Promise<Set<string>> | undefined;

  async function known(): Promise<Set<string>> {
    await prepare();
    const entries = await readdir(folder, { recursive: true });
    return new Set(entries.map((name) => name.replaceAll("\\", "/")));
  }

  return {
    async answer(path, header) {
      names ??= known().catch((error: unknown) => {
        names = undefined;
        throw error;
      });
      const isFile = (await names).has(path) && extname(path) !== "";
      if (!isFile && path.startsWith("assets/")) return new Response("Not found", { status: 404 });
      const name = isFile ? path : "index.html";
      if (!files.has(name)) files.set(name, read(join(folder, name)));
      const file = await files.get(name);
      if (file === undefined) return new Response("Not found", { status: 404 });
      const headers: Record<string, string> = {
        "content-type": file.type,
        etag: file.etag,
        "cache-control": name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache",
        "content-security-policy": contentSecurityPolicy,
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "x-frame-options": "DENY",
        vary: "accept-encoding",
      };
      if (header("if-none-match") === file.etag) return new Response(null, { status: 304, headers });
      const packed = header("accept-encoding")?.includes("br") === true ? file.packed : undefined;
      if (packed !== undefined) headers["content-encoding"] = "br";
      return new Response(new Uint8Array(packed ?? file.body), { status: 200, headers });
    },
  };
}

async function read(path: string): Promise<File | undefined> {
  const body = await readFile(path).catch(() => undefined);
  if (body === undefined) return undefined;
  const packed = body.length > 1024 ? await compress(body) : undefined;
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { body, packed, type: contentTypes[extname(path)] ?? "application/octet-stream", etag };
}

const compress = (body: Buffer): Promise<Buffer> =>
  promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } });
