/** A Redis server for one engine: on a Unix socket in the engine's folder, every write synced before it is acknowledged. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Unavailable } from "../engine.ts";
import { settled } from "../settled.ts";

export type Redis = { socket: string; stop(): Promise<void> };

/** @throws Unavailable when redis-server is not installed */
export async function startRedis(directory: string): Promise<Redis> {
  if (spawnSync("redis-server", ["--version"]).status !== 0) {
    throw new Unavailable("redis-server is not on the PATH (Debian, Ubuntu: apt-get install redis-server)");
  }
  const socket = join(directory, "redis.sock");
  const server = spawn(
    "redis-server",
    ["--port", "0", "--unixsocket", socket, "--dir", directory, "--appendonly", "yes", "--appendfsync", "always", "--save", ""],
    { stdio: "ignore" },
  );
  process.on("exit", () => server.kill("SIGKILL"));
  await settled(() => Promise.resolve(existsSync(socket) || server.exitCode !== null));
  return { socket, stop: () => stopServer(server) };
}

async function stopServer(server: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => server.once("exit", resolve));
  if (server.kill()) await gone;
}
