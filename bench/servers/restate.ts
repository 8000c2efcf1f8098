/** A Restate server for one engine: a single node, its log synced as in its defaults, data in the engine's folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Unavailable } from "../engine.ts";
import { settled } from "../settled.ts";
import { freePort } from "./free-port.ts";

export type RestateServer = { ingressUrl: string; adminUrl: string; stop(): Promise<void> };

/** @throws Unavailable where npm has no server for this platform */
export async function startRestate(directory: string): Promise<RestateServer> {
  const [ingress, admin, node] = await Promise.all([freePort(), freePort(), freePort()]);
  const log = openSync(join(directory, "restate.log"), "a");
  const server = spawn(serverBinary(), ["--no-logo", "--base-dir", join(directory, "restate"), "--node-name", "bench"], {
    stdio: ["ignore", log, log],
    env: {
      PATH: process.env.PATH,
      RESTATE_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "1",
      RESTATE_LISTEN_MODE: "tcp",
      RESTATE_BIND_IP: "127.0.0.1",
      RESTATE_BIND_PORT: String(node),
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_DEFAULT_NUM_PARTITIONS: String(availableParallelism()),
      RESTATE_LOG_FILTER: "warn",
    },
  });
  process.on("exit", () => server.kill("SIGKILL"));
  const adminUrl = `http://127.0.0.1:${admin}`;
  const ingressUrl = `http://127.0.0.1:${ingress}`;
  await settled(async () => {
    if (server.exitCode !== null) throw new Error(`restate-server ended with ${server.exitCode}`);
    return (await answers(`${adminUrl}/health`)) && (await answers(`${ingressUrl}/restate/health`));
  });
  return { ingressUrl, adminUrl, stop: () => stopServer(server) };
}

function serverBinary(): string {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/restate-server`);
  } catch {
    throw new Unavailable(`npm has no Restate server for ${process.platform}-${process.arch}`);
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function stopServer(server: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => server.once("exit", resolve));
  if (server.kill("SIGKILL")) await gone;
}
