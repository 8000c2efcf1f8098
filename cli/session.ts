/** One run of the command line: its configuration, and the way to the orchestrator. */
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "../client/client.ts";
import { discoverOrchestrator } from "../client/discover.ts";
import { ensureOrchestrator } from "../client/start.ts";
import { type Config, loadConfig } from "../orchestrator/config.ts";
import { exitCodes } from "./exit-codes.ts";
import { CommandFailure } from "./failure.ts";
import { commandLine, notice } from "./terminal.ts";

/** What starts this program. */
export const program = fileURLToPath(new URL("../bin/longhaul.mjs", import.meta.url));

/** What starts the orchestrator as a process of its own. Memory matters more to it than the last bit of speed. */
export const startCommand: [string, ...string[]] = [process.execPath, "--max-semi-space-size=4", program, "up", "--foreground"];

export type Session = {
  config: Config;
  /** The running orchestrator. @throws CommandFailure when none runs */
  client(): Promise<Client>;
  /** The running orchestrator, started if need be. */
  ensuredClient(): Promise<Client>;
};

export function openSession(config: Config = loadConfig()): Session {
  const { home, token } = config;
  const clientOf = (found: { url: string; token: string }) =>
    createClient({
      ...found,
      relocate: async () => {
        const now = await discoverOrchestrator(home, { token });
        return now.running ? now : undefined;
      },
    });
  return {
    config,
    async client() {
      const found = await discoverOrchestrator(home, { token });
      if (!found.running)
        throw new CommandFailure(
          `No orchestrator runs. ${found.detail}`,
          exitCodes.notRunning,
          `Start it with: ${commandLine("up")}`,
        );
      return clientOf(found);
    },
    async ensuredClient() {
      const found = await ensureOrchestrator({ home, command: startCommand, token });
      if (found.started) notice(`Started the orchestrator (process ${found.pid}, ${found.url}).`);
      return clientOf(found);
    },
  };
}

/** Takes a whole id, a unique beginning or end of one, or `latest`. */
export async function resolveExecution(client: Client, text: string): Promise<string> {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(text)) return text;
  if (text === "latest") {
    const newest = (await client.list({ limit: 1 })).executions[0];
    if (newest === undefined)
      throw new CommandFailure("Nothing was handed off yet.", exitCodes.notFound, commandLine("handoff FILE"));
    return newest.executionId;
  }
  const found: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await client.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.executions.map((one) => one.executionId).filter((id) => id.startsWith(text) || id.endsWith(text)));
    cursor = page.nextCursor;
  }
  if (found.length === 1) return found[0] as string;
  throw new CommandFailure(
    found.length === 0 ? `No execution '${text}'.` : `'${text}' fits ${found.length} executions.`,
    exitCodes.notFound,
    `${commandLine("list")} shows the ids.`,
  );
}
