/** A PostgreSQL server that the operator names. */
import pg from "pg";
import type { Config } from "../config.ts";
import { LonghaulError } from "../domain/errors.ts";

const oldestVersion = 150_000;

/**
 * Checks that the server answers and is new enough. The messages never contain the password.
 * @throws LonghaulError unavailable with what the server said
 */
export async function connectExternal(
  settings: Exclude<Config["database"], { kind: "embedded" }>,
): Promise<{ connection: pg.ClientConfig }> {
  const { kind: _kind, ...parts } = settings;
  const connection: pg.ClientConfig =
    settings.kind === "url"
      ? { connectionString: settings.url }
      : (Object.fromEntries(Object.entries(parts).filter(([, v]) => v !== undefined)) as pg.ClientConfig);
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  const name = `${client.user ?? ""}@${client.host}:${client.port}/${client.database ?? ""}`;
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version_num: string; server_version: string }>(
      "select current_setting('server_version_num') as server_version_num, current_setting('server_version') as server_version",
    );
    if (Number(rows[0]?.server_version_num) < oldestVersion) {
      throw new LonghaulError("unavailable", `PostgreSQL ${rows[0]?.server_version} at ${name} is too old.`, {
        hint: "Longhaul needs 15 or newer.",
      });
    }
  } catch (error) {
    if (error instanceof LonghaulError) throw error;
    throw new LonghaulError("unavailable", `No PostgreSQL at ${name}: ${(error as Error).message}`, {
      hint: "Check DATABASE_URL or POSTGRES_HOST, _PORT, _DB, _USER and _PASSWORD; unset them to use the embedded server.",
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
  return { connection };
}
