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
  const client = createClient(connection);
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
    throw new LonghaulError("unavailable", `No PostgreSQL at ${name}: ${reasonOf(error)}`, {
      hint: "Check DATABASE_URL or POSTGRES_HOST, _PORT, _DB, _USER and _PASSWORD; unset them to use the embedded server.",
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
  return { connection };
}

/** The parser's own error carries the whole address as a property, password and all: it must not become a cause. */
function createClient(connection: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client({ ...connection, connectionTimeoutMillis: 10_000 });
  } catch {
    throw new LonghaulError("invalid_input", "DATABASE_URL is not an address that PostgreSQL clients understand.", {
      hint: "It reads postgres://user:password@host:5432/database; special characters of the password are written as %40 and so on.",
    });
  }
}

/** A name with several addresses fails with one error for each and no message of its own. */
function reasonOf(error: unknown): string {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return errors.map((one) => (one instanceof Error ? one.message : String(one))).join("; ");
}
