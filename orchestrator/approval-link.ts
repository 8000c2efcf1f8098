/**
 * Links that decide one approval and nothing else: the approval, its digest, when it ends, and a signature over them. Who has the link may
 * decide; it holds no token of the API, is void once the approval was decided or changed, and opening it decides nothing.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export type LinkClaims = { id: string; digest: string; expiresMs: number };

export function createApprovalLinks(secret: string) {
  const sign = (text: string) => createHmac("sha256", secret).update(`approval link:${text}`).digest();
  return {
    /** The part of the address behind `/approve/`. */
    ticket({ id, digest, expiresMs }: LinkClaims): string {
      const body = Buffer.from(JSON.stringify([id, digest, expiresMs])).toString("base64url");
      return `${body}.${sign(body).toString("base64url")}`;
    },
    /** Undefined for what was not signed here, byte for byte, or is past its time. */
    read(ticket: string, nowMs: number): LinkClaims | undefined {
      const [body = "", signature = ""] = ticket.split(".");
      const given = Buffer.from(signature, "base64url");
      const expected = sign(body);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      if (given.toString("base64url") !== signature) return undefined;
      const [id, digest, expiresMs] = JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as [string, string, number];
      return expiresMs > nowMs ? { id, digest, expiresMs } : undefined;
    },
  };
}

export type ApprovalLinks = ReturnType<typeof createApprovalLinks>;
