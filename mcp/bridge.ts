/**
 * The way from one MCP connection to the orchestrator. Nothing is asked or started until the first call needs it: the client must see the
 * tools in well under a second, and a session that never hands anything off must not start an orchestrator.
 */
import type { Client } from "../client/client.ts";

export type BridgeOptions = {
  home: string;
  /** The argv that starts the orchestrator. */
  command: readonly [string, ...string[]];
  environment: Readonly<Record<string, string | undefined>>;
  /** The folder of the session: relative paths start here, and tasks run here unless told otherwise. */
  cwd: string;
};

export type Bridge = {
  /** The running orchestrator, started if need be. @throws StartError */
  client(): Promise<Client>;
  /** The orchestrator if one runs: lists and completions, which clients ask for by themselves, must not start one. */
  runningClient(): Promise<Client | undefined>;
  cwd: string;
  /** The Claude Code session that this server belongs to. */
  conversationId: string | undefined;
};

export function openBridge({ home, command, environment, cwd }: BridgeOptions): Bridge {
  const token = environment["LONGHAUL_TOKEN"] || undefined;
  let connecting: Promise<Client> | undefined;

  async function connect(): Promise<Client> {
    const [{ createClient }, { ensureOrchestrator }] = await Promise.all([
      import("../client/client.ts"),
      import("../client/start.ts"),
    ]);
    const ensure = () => ensureOrchestrator({ home, command, token });
    return createClient({ ...(await ensure()), relocate: ensure });
  }

  return {
    client() {
      connecting ??= connect().catch((error: unknown) => {
        // The next call tries again: what was wrong may be put right meanwhile.
        connecting = undefined;
        throw error;
      });
      return connecting;
    },
    async runningClient() {
      if (connecting !== undefined) return connecting;
      const { discoverOrchestrator } = await import("../client/discover.ts");
      return (await discoverOrchestrator(home, { token })).running ? this.client() : undefined;
    },
    cwd,
    conversationId: environment["CLAUDE_CODE_SESSION_ID"] || undefined,
  };
}
