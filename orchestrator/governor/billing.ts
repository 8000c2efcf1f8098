/** Who pays for Claude sessions: read from the environment in which they run, as Claude Code itself would choose. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { homedir, hostname } from "node:os";
import { join } from "node:path";

export type BillingKind = "subscription" | "api_key" | "auth_token" | "bedrock" | "vertex" | "foundry";
export type Billing = {
  kind: BillingKind;
  /** Hash of the credential: equal on all nodes that share it, and of no use to whoever reads it. */
  account: string;
  /** One line for doctor. */
  detail: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Credentials that cost money by the token; a session that is to use the subscription must not see them. */
const paidByToken = ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"];
const clouds = [
  ["CLAUDE_CODE_USE_BEDROCK", "bedrock"],
  ["CLAUDE_CODE_USE_VERTEX", "vertex"],
  ["CLAUDE_CODE_USE_FOUNDRY", "foundry"],
] as const;

/**
 * The environment that sessions get, with only the credentials that were chosen.
 * @param chosen what the configuration asks for; without it Claude Code's own order decides
 */
export function billedEnvironment(environment: Environment, chosen: "subscription" | "api_key" | undefined): Environment {
  const without: string[] =
    chosen === "subscription"
      ? [...paidByToken, ...clouds.map(([name]) => name)]
      : chosen === "api_key"
        ? ["ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", ...clouds.map(([name]) => name)]
        : [];
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !without.includes(name)));
}

/** @param environment of the sessions, as `billedEnvironment` returns it */
export async function billingOf(environment: Environment): Promise<Billing> {
  for (const [name, kind] of clouds) {
    if (environment[name] === undefined) continue;
    const project = environment["AWS_PROFILE"] ?? environment["ANTHROPIC_VERTEX_PROJECT_ID"] ?? hostname();
    return { kind, account: hashOf(kind, project), detail: `${kind}, as ${name} says` };
  }
  const token = environment["ANTHROPIC_AUTH_TOKEN"];
  if (token) return { kind: "auth_token", account: hashOf("auth_token", token), detail: "ANTHROPIC_AUTH_TOKEN, by the token" };
  const key = environment["ANTHROPIC_API_KEY"];
  if (key) return { kind: "api_key", account: hashOf("api_key", key), detail: "ANTHROPIC_API_KEY, by the token" };
  const oauth = environment["CLAUDE_CODE_OAUTH_TOKEN"];
  if (oauth)
    return { kind: "subscription", account: hashOf("subscription", oauth), detail: "subscription, CLAUDE_CODE_OAUTH_TOKEN" };
  const login = await loginOf(environment);
  return { kind: "subscription", account: hashOf("subscription", login), detail: "subscription, the login of Claude Code" };
}

/** The account that Claude Code is logged in to; where it does not say, the folder of the login on this machine. */
async function loginOf(environment: Environment): Promise<string> {
  const home = environment["HOME"] ?? homedir();
  const folder = environment["CLAUDE_CONFIG_DIR"] ?? home;
  try {
    const settings = JSON.parse(await readFile(join(folder, ".claude.json"), "utf8")) as {
      oauthAccount?: { accountUuid?: unknown };
    };
    const id = settings.oauthAccount?.accountUuid;
    if (typeof id === "string" && id !== "") return id;
  } catch {
    // not logged in, or not readable: the folder stands for it
  }
  return `${hostname()}:${folder}`;
}

const hashOf = (kind: string, secret: string): string =>
  createHash("sha256").update(`longhaul account ${kind}\0${secret}`).digest("hex").slice(0, 16);
