/**
 * Reaches an orchestrator that runs, for the hooks. Nothing here starts one, and nothing but Node's own modules is used: Claude Code copies
 * the plugin to a place of its own, and a hook has no time to load more.
 */
import { readFile } from "node:fs/promises";
import { get } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the orchestrator keeps its things; the same rule as `orchestrator/config.ts`. */
export function longhaulHome(environment = process.env) {
  if (environment.LONGHAUL_HOME) return environment.LONGHAUL_HOME;
  if (process.getuid?.() === 0) return "/var/lib/longhaul";
  const userHome = environment.HOME || homedir();
  return join(environment.XDG_DATA_HOME || join(userHome, ".local", "share"), "longhaul");
}

/**
 * @param deadlineMs time since the start of this process after which nothing is waited for
 * @returns a function that asks for a path of the API and gives undefined when there is no answer in time; undefined when no
 *   orchestrator has left its address
 */
export async function connectOrchestrator(deadlineMs) {
  const home = longhaulHome();
  try {
    const { url, pid } = JSON.parse(await readFile(join(home, "orchestrator.json"), "utf8"));
    process.kill(pid, 0);
    const token = process.env.LONGHAUL_TOKEN || (await readFile(join(home, "token"), "utf8")).trim();
    return (path) => answerOf(new URL(path, url), token, Math.ceil(Math.max(1, deadlineMs - performance.now())));
  } catch {
    return undefined;
  }
}

/** Not with fetch: loading that costs more than the answer. */
function answerOf(url, token, timeoutMs) {
  return new Promise((resolve) => {
    const options = { agent: false, signal: AbortSignal.timeout(timeoutMs), headers: { authorization: `Bearer ${token}` } };
    const request = get(url, options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", () => resolve(undefined));
      response.on("end", () => resolve(response.statusCode === 200 ? parsed(chunks) : undefined));
    });
    request.on("error", () => resolve(undefined));
  });
}

/** What Claude Code tells the hook; empty when that is not readable. */
export async function hookInput() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return parsed(chunks) ?? {};
}

function parsed(chunks) {
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}
