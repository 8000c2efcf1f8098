/** Tokens of agents, and join tokens. They say what they are by how they begin, so that one in the wrong place is recognised without asking. */
import { createHash, randomBytes } from "node:crypto";

const shape = /^lh[aj]_[A-Za-z0-9_-]{43}$/;

/** 256 random bits. */
export const newToken = (kind: "agent" | "join"): string =>
  `${kind === "agent" ? "lha_" : "lhj_"}${randomBytes(32).toString("base64url")}`;

export const isAgentToken = (text: string): boolean => shape.test(text);

/** What is stored of a token. It needs no salt and no slow hash: nobody guesses 256 random bits. */
export const digestOf = (token: string): string => createHash("sha256").update(token).digest("hex");
