/**
 * What a request must look like before anyone asks who sent it. A web page in the user's browser can send requests to loopback, under a
 * name that it rebinds to 127.0.0.1 if need be: the Host and Origin checks keep it out even if it had the token. There are no CORS headers
 * at all, because no foreign page has any business here.
 */
import { Refusal } from "./problem.ts";

export type Knock = {
  method: string;
  /** Path and query as sent, before any normalisation. */
  target: string;
  header: (name: string) => string | undefined;
  /** The port that the request came in on. */
  port: number;
  /** Further names of this machine, each `name` (any port) or `name:port`. */
  allowedHosts: readonly string[];
  isToken: (value: string) => boolean;
};

const tokenParameters = new Set(["token", "access_token", "authorization", "auth", "bearer", "api_key", "apikey"]);

/** @throws Refusal */
export function checkAtTheDoor(knock: Knock): void {
  checkHost(knock);
  checkOrigin(knock);
  checkTarget(knock);
}

function checkHost({ header, port, allowedHosts }: Knock): void {
  const host = header("host")?.toLowerCase() ?? "";
  if (isLoopbackName(host, port)) return;
  const name = host.replace(/:\d+$/, "");
  if (allowedHosts.some((allowed) => allowed.toLowerCase() === host || allowed.toLowerCase() === name)) return;
  throw new Refusal("misdirected", `The Host header ${JSON.stringify(host)} is not a name of this orchestrator.`, {
    hint: `Use http://127.0.0.1:${port}, or add the name to LONGHAUL_ALLOWED_HOSTS.`,
  });
}

function isLoopbackName(host: string, port: number): boolean {
  const suffix = port === 80 ? /^(:80)?$/ : new RegExp(`^:${port}$`);
  const name = ["localhost", "127.0.0.1", "[::1]"].find((candidate) => host.startsWith(candidate));
  return name !== undefined && suffix.test(host.slice(name.length));
}

function checkOrigin({ method, header, target }: Knock): void {
  const origin = header("origin")?.toLowerCase();
  const host = header("host")?.toLowerCase() ?? "";
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new Refusal("forbidden", `Pages of ${JSON.stringify(origin)} may not call this orchestrator.`);
  }
  const site = header("sec-fetch-site");
  // A link to an approval or the dashboard is followed from wherever it was sent; the page only shows.
  const isPage = target === "/" || /^\/(approve\/|dashboard(\/|$))/.test(target);
  const isFollowedLink = method === "GET" && isPage && header("sec-fetch-mode") === "navigate";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !isFollowedLink) {
    throw new Refusal("forbidden", `Requests from other sites (Sec-Fetch-Site: ${JSON.stringify(site)}) are not accepted.`);
  }
  if (method === "OPTIONS" && header("access-control-request-method") !== undefined) {
    throw new Refusal("forbidden", "Preflight requests are not answered: no other site may call this orchestrator.");
  }
}

/** Dot segments, encoded dots and control characters have no honest use in these paths. */
const suspiciousPath = /%2e|%[01][\da-f]|%7f|\\|%5c|(^|\/|%2f)\.\.?($|\/|%2f)/i;

function checkTarget({ target, isToken }: Knock): void {
  const [path = "", query = ""] = target.split(/\?(.*)/s);
  if (!path.startsWith("/") || suspiciousPath.test(path)) {
    throw new Refusal("bad_request", "The path contains dot segments, encoded dots, backslashes or control characters.");
  }
  for (const [name, value] of new URLSearchParams(query)) {
    if (tokenParameters.has(name.toLowerCase()) || isToken(value)) {
      throw new Refusal(
        "bad_request",
        `The query parameter ${JSON.stringify(name)} holds a credential; URLs end up in logs and histories.`,
        {
          hint: "Send the token in the header 'Authorization: Bearer …'. If this one was real, replace it.",
        },
      );
    }
  }
}
