/**
 * Who may come in: the holder of the owner's 256-bit bearer token, which lies in a file that only its user can read, and remote agents with
 * theirs. Memory holds hashes only, and the owner's is compared in constant time, so that neither a dump nor a stopwatch gives it away.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { link, open, readFile, rm, stat } from "node:fs/promises";
import type { AgentDirectory } from "../agents/directory.ts";
import { isAgentToken } from "../agents/tokens.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { Principal } from "../domain/principal.ts";

export type Auth = {
  /** Whose token it is; undefined when it is nobody's. */
  principalOf(token: string): Promise<Principal | undefined>;
  /** True for what must never stand in a URL: the owner's token, and anything that looks like an agent's. */
  isToken(text: string): boolean;
  /** Is told what an agent asked for that is not its own. */
  onRefused(principal: Principal, action: string, refusal: { status: number; reason: string }): void;
};

/** What is known about remote agents. */
export type AgentAuth = Pick<AgentDirectory, "principalOf"> & Pick<Auth, "onRefused">;

/** @param agents without it there are none */
export function createAuth(token: string, agents?: AgentAuth): Auth {
  const expected = hash(token);
  const isOwners = (given: string) => timingSafeEqual(hash(given), expected);
  return {
    principalOf: async (given) => (isOwners(given) ? { kind: "owner" } : agents?.principalOf(given)),
    isToken: (text) => isOwners(text) || isAgentToken(text),
    onRefused: (principal, action, refusal) => agents?.onRefused(principal, action, refusal),
  };
}

/** The token of an `Authorization: Bearer …` header. */
export function bearerToken(authorization: string): string | undefined {
  return /^bearer +([^\s]+) *$/i.exec(authorization)?.[1];
}

/** Returns the token in `path`, after creating it if there is none; of several creators at once exactly one wins. */
export async function createTokenFile(path: string): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${token}\n`);
    await file.sync();
    await file.close();
    // A link appears complete or not at all, and never replaces a token that clients already hold.
    await link(draft, path);
    return token;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return await readTokenFile(path);
    throw error;
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

/** @throws LonghaulError when there is no token, or when others than the owner can read it */
export async function readTokenFile(path: string): Promise<string> {
  const entry = await stat(path).catch((cause: unknown) => {
    throw new LonghaulError("unauthorized", `The token file ${path} cannot be read.`, {
      hint: "Start the orchestrator: it makes one.",
      cause,
    });
  });
  if (process.platform !== "win32" && (entry.mode & 0o077) !== 0) {
    const mode = (entry.mode & 0o777).toString(8).padStart(4, "0");
    throw new LonghaulError("forbidden", `The token file ${path} has mode ${mode}: others can read it.`, {
      hint: `Delete it, so that a new token is made, or run 'chmod 600 ${path}' if nobody else was on this machine.`,
    });
  }
  const token = (await readFile(path, "utf8")).trim();
  if (token.length < 16) {
    throw new LonghaulError("unauthorized", `The token file ${path} holds no usable token (${token.length} characters).`, {
      hint: "Delete it and start the orchestrator again: it makes a new one.",
    });
  }
  return token;
}

function hash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
