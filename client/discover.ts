/**
 * Finds the orchestrator of a home directory. A running one leaves `orchestrator.json` and `token` there; the file alone proves nothing
 * (a killed process leaves it behind, a reboot gives its pid to another), so the process must exist and answer on its address.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What the orchestrator writes into `LONGHAUL_HOME/orchestrator.json` once it listens. */
export type OrchestratorFile = { url: string; pid: number; startedAt: string; version: string; nodeId: string };

export type RunningOrchestrator = OrchestratorFile & { running: true; token: string };
export type MissingOrchestrator = {
  running: false;
  reason: "never_started" | "process_gone" | "no_answer" | "no_token";
  /** One line for people. */
  detail: string;
};
export type Discovery = RunningOrchestrator | MissingOrchestrator;

export type DiscoverOptions = {
  /** Used instead of the token file (`LONGHAUL_TOKEN`). */
  token?: string | undefined;
  /** How long the health answer may take, 2 s by default. */
  timeoutMs?: number;
  fetch?: typeof fetch;
};

export function orchestratorFileIn(home: string): string {
  return join(home, "orchestrator.json");
}

export function tokenFileIn(home: string): string {
  return join(home, "token");
}

/**
 * Tells whether the orchestrator of this home runs, and how to reach it.
 *
 * @example
 * const found = await discoverOrchestrator(home);
 * if (found.running) createClient(found);
 */
export async function discoverOrchestrator(home: string, options: DiscoverOptions = {}): Promise<Discovery> {
  const path = orchestratorFileIn(home);
  const file = parse(await readIfThere(path));
  if (file === undefined) return missing("never_started", `No orchestrator has left its address in ${path}.`);
  if (!processExists(file.pid)) return missing("process_gone", `The orchestrator's process ${file.pid} is gone.`);
  if (!(await answers(file.url, options))) {
    return missing("no_answer", `Process ${file.pid} exists, but no orchestrator answers at ${file.url}.`);
  }
  const token = options.token ?? (await readIfThere(tokenFileIn(home)))?.trim();
  if (token === undefined || token === "") {
    return missing("no_token", `The orchestrator at ${file.url} runs, but ${tokenFileIn(home)} cannot be read.`);
  }
  return { ...file, running: true, token };
}

function missing(reason: MissingOrchestrator["reason"], detail: string): MissingOrchestrator {
  return { running: false, reason, detail };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "EACCES" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** A half-written or foreign file counts as none. */
function parse(text: string | undefined): OrchestratorFile | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    if (typeof value !== "object" || value === null) return undefined;
    const complete = "url" in value && typeof value.url === "string" && "pid" in value && Number.isInteger(value.pid);
    return complete && URL.canParse(value.url as string) ? (value as OrchestratorFile) : undefined;
  } catch {
    return undefined;
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Asks without the token: another program may have the port by now. */
async function answers(url: string, options: DiscoverOptions): Promise<boolean> {
  const { fetch: send = fetch, timeoutMs = 2_000 } = options;
  try {
    const response = await send(new URL("/health", url), { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
    const body: unknown = await response.json();
    return (
      typeof body === "object" &&
      body !== null &&
      "service" in body &&
      body.service === "longhaul" &&
      "live" in body &&
      body.live === true
    );
  } catch {
    return false;
  }
}
