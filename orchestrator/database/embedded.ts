/**
 * A real PostgreSQL server of our own: started on demand, reached through a Unix socket only, with no port and no password.
 *
 * Failure story. The server is detached: it survives whoever started it, and the next starter adopts it through `postmaster.pid`. Several
 * starters at once end on one server, because PostgreSQL's own lock lets one win and the others adopt. A killed server is started again and
 * recovers from its log, for as long as that takes. Backends of a killed server that are still at work hold its shared memory and make the
 * new one refuse, which is waited out. A lock file that names a pid which another program has now is left to PostgreSQL to replace.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { LonghaulError } from "../domain/errors.ts";
import { serverAccount } from "./account.ts";
import { prepareBinaries } from "./binaries.ts";
import { databaseUser, prepareCluster } from "./cluster.ts";
import { type Launch, launch } from "./launch.ts";
import { findServer, isServer, type RunningServer } from "./running-server.ts";
import { socketPort } from "./socket-directory.ts";
import { prepareDirectory, removeAbandoned } from "./state-directory.ts";

export type EmbeddedOptions = {
  /** Absolute; made when missing. */
  directory: string;
  log?: (line: string) => void;
  /** Who called sudo, when root runs this for somebody. */
  sudo?: { uid: number; gid: number };
  /** Server settings besides our own. */
  settings?: Record<string, string>;
  /** Gives up waiting; a server that this call was starting is stopped, and gone when the call rejects. */
  signal?: AbortSignal;
};

export type EmbeddedDatabase = {
  /** Complete, so that PGPORT and the like in the environment change nothing. */
  connection: { host: string; port: number; ssl: false; user: string; database: string };
  pid: number;
  /** False when this call started the server. */
  adopted: boolean;
  /** Of the running server, e.g. 18.4. */
  version: string;
  /** Whether its process is still there. */
  isRunning(): boolean;
  /** Fast shutdown; resolves when the server is gone. A second call is safe. */
  stop(): Promise<void>;
};

const databaseName = "longhaul";
/** For a server that gives no sign of life; one that recovers is waited for without end. */
const patienceMs = 60_000;
const fastShutdownMs = 30_000;
/** A server that ends at once for a reason of its own, e.g. a full disk, does so again. */
const mostFailures = 3;

/**
 * Returns the running server of this directory, after making and starting it if needed.
 * @example const { connection, stop } = await startEmbedded({ directory: "/var/lib/longhaul/postgres" });
 * @throws LonghaulError unavailable when it cannot be started, with the last lines of its log; conflict for another major version;
 * forbidden when the server's user cannot reach the directory or it belongs to somebody else
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { directory, signal, log = () => undefined } = options;
  if (process.platform === "win32") {
    throw new LonghaulError("unavailable", "The embedded PostgreSQL needs Unix sockets.", {
      hint: "Set DATABASE_URL to a PostgreSQL server.",
    });
  }
  const account = serverAccount(options.sudo, await stat(join(directory, "data")).catch(() => undefined));
  await prepareDirectory(directory, account);
  const binaries = await prepareBinaries(directory, account);
  const data = await prepareCluster(directory, binaries, account);
  const logFile = join(directory, "postgres.log");

  let deadline = Date.now() + patienceMs;
  let launched: Launch | undefined;
  let failures = 0;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const found = await findServer(data);
      if (found.state === "running") {
        const adopted = found.pid !== launched?.pid;
        log(`${adopted ? "adopted" : "started"} PostgreSQL ${found.version}, process ${found.pid}`);
        await createDatabase(found.host);
        return describe(found, data, adopted);
      }
      if (found.state === "recovering") deadline = Date.now() + patienceMs;
      if (found.state === "absent" && (launched === undefined || launched.ended())) {
        if (launched === undefined) await removeAbandoned(directory);
        else if (!waitsForAnother(await launched.said()) && ++failures === mostFailures) throw await failed(launched, logFile);
        else await delay(100, undefined, { signal });
        const place = { directory, data, logFile };
        launched = await launch(place, binaries, account, options.settings ?? {}, found.recycledPid);
      }
      if (Date.now() > deadline) throw found.state === "silent" ? silent(found, data) : await failed(launched, logFile);
      await delay(10, undefined, { signal });
    }
  } catch (error) {
    if (signal?.aborted) await launched?.stop();
    throw error;
  }
}

/** Whether a server ended because another one, or what is left of one, still holds the directory. */
function waitsForAnother(said: string): boolean {
  return /lock file ".*" already exists|shared memory block .* is still in use/.test(said);
}

async function failed(launched: Launch | undefined, logFile: string): Promise<LonghaulError> {
  const lines = ((await launched?.said()) ?? "").trimEnd().split("\n").slice(-10).join("\n");
  return new LonghaulError("unavailable", `PostgreSQL did not start. Its log ends with:\n${lines}`, {
    hint: `The whole log is ${logFile}.`,
  });
}

function silent(found: { pid: number; reason: string }, data: string): LonghaulError {
  return new LonghaulError("unavailable", `PostgreSQL, process ${found.pid} on ${data}, does not answer: ${found.reason}`, {
    hint: `Stop it with kill -QUIT ${found.pid}, which loses nothing, and start again.`,
  });
}

function describe(found: RunningServer, data: string, adopted: boolean): EmbeddedDatabase {
  const { pid, host, version } = found;
  const isRunning = () => isServer(pid, data);
  let stopping: Promise<void> | undefined;
  return {
    connection: { host, port: socketPort, ssl: false, user: databaseUser, database: databaseName },
    pid,
    adopted,
    version,
    isRunning,
    stop: () => (stopping ??= shutDown(pid, isRunning)),
  };
}

/** Fast shutdown; a server that hangs in it is told to leave at once, and recovers at its next start. */
async function shutDown(pid: number, isRunning: () => boolean): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    if (!isRunning()) return;
    process.kill(pid, signal);
    for (const deadline = Date.now() + fastShutdownMs; Date.now() < deadline; await delay(10)) {
      if (!isRunning()) return;
    }
  }
  throw new LonghaulError("unavailable", `PostgreSQL, process ${pid}, does not stop.`, {
    hint: `End it with kill -KILL ${pid}.`,
  });
}

async function createDatabase(host: string): Promise<void> {
  const client = new pg.Client({ host, port: socketPort, ssl: false, user: databaseUser, database: "postgres" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query("select from pg_database where datname = $1", [databaseName]);
    if (rows.length === 0) await client.query(`create database ${databaseName}`);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "42P04" && code !== "23505") throw error; // another starter was faster
  } finally {
    await client.end();
  }
}
