/** Databases for tests: one real server for the whole run, a fresh database cloned from a migrated template for each caller. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
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

/** Starts a server in a temporary directory that ends with this process, however this process ends. */
export async function startTestServer(settings: Record<string, string> = {}): Promise<EmbeddedDatabase & { directory: string }> {
  // Not the user's temporary folder: the server may run as another user, who must reach it.
  const directory = await mkdtemp("/tmp/longhaul-test-");
  await chmod(directory, 0o711);
  const server = await startEmbedded({ directory: join(directory, "pg"), settings: { max_connections: "150", ...settings } });
  // The guard outlives a killed test runner, stops the server and leaves nothing behind.
  const guard = spawn(
    "/bin/sh",
    [
      "-c",
      'while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 0.5; done; kill -INT "$2" 2>/dev/null; while kill -0 "$2" 2>/dev/null; do sleep 0.1; done; rm -rf "$3"',
      "guard",
      String(process.pid),
      String(server.pid),
      directory,
    ],
    { detached: true, stdio: "ignore" },
  );
  guard.unref();
  const stop = async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
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
  const base = { host: inject("postgresHost"), user: "longhaul" };
  const database = `test_${randomBytes(6).toString("hex")}`;
  await administer(base, `create database ${database} template ${template}`);
  return {
    connection: { ...base, database },
    databaseUrl: `postgres://longhaul@localhost/${database}?host=${encodeURIComponent(base.host)}`,
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
