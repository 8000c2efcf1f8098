/** A real orchestrator process on a home of its own, started the way users start it, and killed the way machines kill it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "../../client/client.ts";
import { discoverOrchestrator } from "../../client/discover.ts";

const program = fileURLToPath(new URL("../../bin/longhaul.mjs", import.meta.url));

export type TestOrchestrator = {
  home: string;
  /** Starts the process and waits until it answers. */
  start(environment?: Record<string, string>): Promise<{ client: Client; process: ChildProcess; url: string; token: string }>;
  /** kill -9, and the process is gone when this resolves. */
  kill(): Promise<void>;
  /** SIGTERM, and the process has ended by itself when this resolves to its exit code. */
  terminate(): Promise<number | null>;
  log(): Promise<string>;
  remove(): Promise<void>;
};

/** @param environment e.g. DATABASE_URL; without it the orchestrator brings its own server */
export async function createTestOrchestrator(environment: Record<string, string> = {}): Promise<TestOrchestrator> {
  const home = await mkdtemp("/tmp/longhaul-home-");
  await chmod(home, 0o711); // the embedded server may run as another user
  let child: ChildProcess | undefined;
  let output = "";
  const end = async (signal: NodeJS.Signals) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    return child.exitCode;
  };
  return {
    home,
    async start(more = {}) {
      const env: Record<string, string | undefined> = {
        PATH: process.env["PATH"],
        HOME: home,
        LONGHAUL_HOME: home,
        LONGHAUL_PORT: "0",
        ...environment,
        ...more,
      };
      const started = spawn(process.execPath, [program, "up", "--foreground"], { env, stdio: ["ignore", "pipe", "pipe"] });
      child = started;
      for (const stream of [started.stdout, started.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
      for (;;) {
        const found = await discoverOrchestrator(home, { token: env["LONGHAUL_TOKEN"] });
        if (found.running && found.pid === started.pid) {
          return { client: createClient(found), process: started, url: found.url, token: found.token };
        }
        if (started.exitCode !== null)
          throw new Error(`the orchestrator ended with ${started.exitCode}:\n${output.slice(-4000)}`);
        await delay(20);
      }
    },
    async kill() {
      await end("SIGKILL");
    },
    terminate: () => end("SIGTERM"),
    log: () => Promise.resolve(output),
    async remove() {
      await end("SIGTERM");
      await killLeftovers(home);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Resolves with the status once the execution has ended; reads the stream, so that nothing is polled. */
export async function untilEnded(client: Client, executionId: string): Promise<Awaited<ReturnType<Client["status"]>>> {
  for await (const event of client.stream(executionId)) void event;
  return client.status(executionId);
}

/** Supervisors of a test that failed must not outlive it. */
async function killLeftovers(home: string): Promise<void> {
  const lockFile = await readFile(join(home, "postgres", "data", "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(lockFile.split("\n")[0]);
  if (pid > 0) process.kill(pid, "SIGQUIT");
}
