/** A home in which no orchestrator runs yet, with a database for the one that the MCP server starts there. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type Client, createClient } from "../../client/client.ts";
import { discoverOrchestrator, type RunningOrchestrator } from "../../client/discover.ts";
import { untilEnded } from "../support/orchestrator.ts";
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
  async function end(signal: NodeJS.Signals): Promise<number> {
    const { pid } = await running();
    process.kill(pid, signal);
    while ((await discoverOrchestrator(home)).running) await delay(20);
    return pid;
  }
  return {
    home,
    environment: { DATABASE_URL: databaseUrl },
    client: async () => createClient(await running()),
    pid: async () => (await running()).pid,
    kill: () => end("SIGKILL"),
    async remove() {
      if ((await discoverOrchestrator(home)).running) {
        await cancelAll(createClient(await running()));
        await end("SIGTERM");
      }
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
      await drop();
    },
  };
}

/** Supervisors outlive their orchestrator, but not their tasks. */
async function cancelAll(client: Client): Promise<void> {
  for (const { executionId, finishedAt } of (await client.list()).executions) {
    if (finishedAt !== null) continue;
    await client.control(executionId, { action: "cancel" });
    await untilEnded(client, executionId);
  }
}
