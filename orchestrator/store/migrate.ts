/** Brings a database to the schema in `sql/`: numbered files, forward only, each in a transaction, under a lock. */
import { readdir, readFile } from "node:fs/promises";
import pg from "pg";
import { LonghaulError } from "../domain/errors.ts";
import type { Connection } from "./db.ts";

const folder = new URL("../../sql/", import.meta.url);
const lockKey = 8_400_001;

/**
 * Applies the migrations that are missing. Safe when several nodes start at once.
 * @throws LonghaulError conflict when the database was migrated by a newer version
 */
export async function migrate(connection: Connection): Promise<void> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
  const client = new pg.Client({ ...connection, application_name: "longhaul migrations" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [lockKey]);
    await client.query(
      "create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())",
    );
    const applied = new Set((await client.query<{ name: string }>("select name from migrations")).rows.map((row) => row.name));
    const unknown = [...applied].filter((name) => !files.includes(name));
    if (unknown.length > 0) {
      throw new LonghaulError("conflict", `The database has migrations that this version does not know: ${unknown.join(", ")}`, {
        hint: "It was used by a newer Longhaul. Start that version, or point LONGHAUL_HOME or DATABASE_URL at another database.",
      });
    }
    for (const name of files.filter((file) => !applied.has(file))) {
      await client.query("begin");
      await client.query(await readFile(new URL(name, folder), "utf8"));
      await client.query("insert into migrations (name) values ($1)", [name]);
      await client.query("commit");
    }
    await client.query("select ensure_event_partitions(3)");
  } finally {
    await client.end();
  }
}
