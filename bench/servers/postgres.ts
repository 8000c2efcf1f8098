/** The PostgreSQL server of a run: Longhaul's embedded one, the same process and settings for every engine. */
import { mkdir } from "node:fs/promises";
import pg from "pg";
import { startEmbedded } from "../../orchestrator/database/embedded.ts";
import type { Environment } from "../engine.ts";

export type Postgres = {
  version: string;
  /** Makes a database, hands it over and drops it again. */
  withDatabase<T>(use: (database: Environment["database"]) => Promise<T>): Promise<T>;
  stop(): Promise<void>;
};

/** Beside the product's: room for every engine's pool, and shared memory where nobody cleans up during a run (`/dev/shm` is everybody's). */
const settings = { max_connections: "100", dynamic_shared_memory_type: "mmap" };

/** @throws Error when the server would not be fully durable */
export async function startPostgres(directory: string): Promise<Postgres> {
  await mkdir(directory, { recursive: true, mode: 0o711 });
  const server = await startEmbedded({ directory, settings });
  const { host, user } = server.connection;
  const admin = new pg.Client({ host, user, database: "postgres" });
  admin.on("error", () => undefined); // a lost server shows in the next statement
  await admin.connect();
  const { rows } = await admin.query<{ durable: boolean; version: string }>(
    `select current_setting('fsync')::boolean and current_setting('synchronous_commit') = 'on' and current_setting('full_page_writes')::boolean
       as durable, current_setting('server_version') as version`,
  );
  if (rows[0]?.durable !== true)
    throw new Error("fsync, full_page_writes and synchronous_commit must be on for this comparison.");
  let databases = 0;

  return {
    version: rows[0].version,
    async withDatabase(use) {
      databases += 1;
      const database = `bench_${databases}`;
      await admin.query(`create database ${database}`);
      try {
        return await use({ host, user, database });
      } finally {
        await admin.query(`drop database ${database} with (force)`);
        await admin.query("checkpoint"); // nobody pays for what another engine wrote
      }
    },
    async stop() {
      await admin.end();
      await server.stop();
    },
  };
}
