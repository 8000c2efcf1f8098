/** A home in which no orchestrator runs yet, with a database for the one that the MCP server starts there. */
import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Client, createClient } from "../../client/client.ts";
import { discoverOrchestrator, type RunningOrchestrator } from "../../client/discover.ts";
import { createTestDatabase } from "../support/postgres.ts";

export type OwnOrchestrator = {
  home: string;
  /** For the MCP server, which passes it on. */
  environment: Record<string, string>;
  client(): Promise<Client>;
  pid(): Promise<number>;
  /** kill -9; resolves with the id of the process that is gone. */
  kill(): Promise<number>;
  remove(): Promise<void>;
};

export async function prepareOrchestrator(): Promise<OwnOrchestrator> {
  const { databaseUrl, drop } = await createTestDatabase();
  const home = await mkdtemp("/tmp/longhaul-mcp-");
  await chmod(home, 0o711);

  async function running(): Promise<RunningOrchestrator> {
    const found = await discoverOrchestrator(home);
    if (!found.running) throw new Error(found.detail);
    return found;
  }
  return {
    home,
    environment: { DATABASE_URL: databaseUrl },
    client: async () => createClient(await running()),
    pid: async () => (await running()).pid,
    async kill() {
      const { pid } = await running();
      process.kill(pid, "SIGKILL");
      while ((await discoverOrchestrator(home)).running) await delay(20);
      return pid;
    },
    async remove() {
      await endOrchestrator(home);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
      await drop();
    },
  };
}

/** Cancels what is unfinished and ends the orchestrator of this home, if there is one, so that no process stays behind. */
export async function endOrchestrator(home: string): Promise<void> {
  const found = await discoverOrchestrator(home);
  if (!found.running) return;
  const client = createClient(found);
  for (const { executionId, finishedAt } of (await client.list()).executions) {
    if (finishedAt === null) await client.control(executionId, { action: "cancel" });
  }
  // An execution is cancelled before its processes have ended, and an orchestrator that stops lets processes go on.
  while (execFileSync("ps", ["-ww", "-eo", "args"], { encoding: "utf8" }).includes(join(home, "executions", "/")))
    await delay(50);
  process.kill(found.pid, "SIGTERM");
  while ((await discoverOrchestrator(home)).running) await delay(20);
}
