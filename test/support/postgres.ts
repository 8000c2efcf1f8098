/** Databases for tests: one real server for the whole run, a fresh database cloned from a migrated template for each caller. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { inject } from "vitest";
import { type EmbeddedDatabase, startEmbedded } from "../../orchestrator/database/embedded.ts";
import type { Connection } from "../../orchestrator/store/db.ts";
import { migrate } from "../../orchestrator/store/migrate.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgresHost: string;
  }
}

const template = "longhaul_template";

/**
 * Waits for the end of its input, which comes when the process that holds the other end is gone, however it went. Then stops the servers
 * of the folder and removes it. A lock file may name a pid that is another program's by now, so the command line must name the folder.
 */
const guardScript = `
read -r _
find "$1" -name postmaster.pid | while read -r file; do
  pid=$(head -n 1 "$file")
  names_folder() { { tr '\\0' ' ' <"/proc/$pid/cmdline" || ps -ww -o command= -p "$pid"; } 2>/dev/null | grep -qF -- "$1"; }
  names_folder "$1" && kill -QUIT "$pid"
  while names_folder "$1"; do sleep 0.1; done
done
rm -rf -- "$1"`;

/** A temporary folder, open to every user, that goes away with its servers when this process ends or `remove` is called. */
export async function createGuardedDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  // Not the user's temporary folder: the server may run as another user, who must reach it.
  const path = await mkdtemp("/tmp/longhaul-test-");
  await chmod(path, 0o711);
  const guard = spawn("/bin/sh", ["-c", guardScript, "guard", path], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard.unref();
  (guard.stdin as Socket).unref();
  const remove = async () => {
    if (guard.exitCode !== null) return;
    const ended = once(guard, "exit");
    guard.ref();
    guard.stdin.end();
    await ended;
  };
  return { path, remove };
}

/** Starts a server of the caller's own that ends with this process, however this process ends. */
export async function startTestServer(settings: Record<string, string> = {}): Promise<EmbeddedDatabase & { directory: string }> {
  const { path: directory, remove } = await createGuardedDirectory();
  const server = await startEmbedded({ directory: join(directory, "pg"), settings: { max_connections: "150", ...settings } });
  const stop = async () => {
    await server.stop();
    await remove();
  };
  return { ...server, directory, stop };
}

export async function createTemplate(connection: Connection): Promise<void> {
  await administer(connection, `create database ${template}`);
  await migrate({ ...connection, database: template });
}

/** A migrated database of the caller's own; `drop` closes what is still connected to it. */
export async function createTestDatabase(): Promise<{
  connection: Connection & { host: string; database: string };
  databaseUrl: string;
  drop: () => Promise<void>;
}> {
  const base = { host: inject("postgresHost"), port: 5432, ssl: false, user: "longhaul" };
  const database = `test_${randomBytes(6).toString("hex")}`;
  await administer(base, `create database ${database} template ${template}`);
  return {
    connection: { ...base, database },
    databaseUrl: `postgres://longhaul@localhost:${base.port}/${database}?sslmode=disable&host=${encodeURIComponent(base.host)}`,
    drop: () => administer(base, `drop database if exists ${database} with (force)`),
  };
}

async function administer(connection: Connection, statement: string): Promise<void> {
  const client = new pg.Client({ ...connection, database: "postgres" });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
