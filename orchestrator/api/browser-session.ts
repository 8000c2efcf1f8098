/**
 * The cookie of a browser that logged in. It counts only with its proof in a header, and for anything that changes something only with an
 * Origin, which the door has compared with the Host: a page of somebody else has neither.
 */
import { Refusal } from "./problem.ts";

export type BrowserSessions = { accepts(cookie: string, proof: string): Promise<boolean> };

type Request = { method: string; port: number; header: (name: string) => string | undefined };

const harmless = new Set(["GET", "HEAD"]);

/** Browsers give a cookie to all ports of a host, so each orchestrator has a name of its own. */
export const cookieName = (port: number): string => `longhaul_${port}`;

const proofHeader = "x-longhaul-session";

/** True when the request comes from a browser that is logged in. @throws Refusal when it changes something and has no Origin */
export async function comesFromSession({ method, port, header }: Request, sessions: BrowserSessions): Promise<boolean> {
  const cookie = cookieOf(header("cookie"), cookieName(port));
  if (cookie === undefined) return false;
  if (!harmless.has(method) && header("origin") === undefined) {
    throw new Refusal("forbidden", "A request with a cookie needs an Origin header.", {
      hint: "Scripts send 'Authorization: Bearer TOKEN' instead of a cookie.",
    });
  }
  const proof = header(proofHeader);
  return proof !== undefined && (await sessions.accepts(cookie, proof));
}

export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const [key, value] = part.trim().split("=", 2);
    if (key === name && value) return value;
  }
  return undefined;
}
