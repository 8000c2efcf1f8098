/**
 * A real PostgreSQL server of our own: started on demand, reached through a Unix socket only, with no port and no password.
 *
 * Failure story. The server is detached: it survives whoever started it, and the next starter adopts it through `postmaster.pid`. Several
 * starters at once end on one server, because PostgreSQL's own lock lets one win and the others adopt. A killed server is started again and
 * recovers from its log; backends that are still dying make it refuse for a moment, which is waited out. Of the lock file only a pid that
 * does not exist counts as dead; a pid that the system has given to another program since is recognised by that program's start.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, open, readFile, realpath, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { LonghaulError } from "../domain/errors.ts";
import { type Account, requireAccess, serverAccount } from "./account.ts";
import { type Binaries, prepareBinaries } from "./binaries.ts";
import { databaseUser, own, prepareCluster } from "./cluster.ts";

export type EmbeddedOptions = {
  /** Absolute; made when missing. */
  directory: string;
  log?: (line: string) => void;
  /** Who called sudo, when root runs this for somebody. */
  sudo?: { uid: number; gid: number };
  /** Server settings besides our own. */
  settings?: Record<string, string>;
};

export type EmbeddedDatabase = {
  connection: { host: string; user: string; database: string };
  pid: number;
  /** False when this call started the server. */
  adopted: boolean;
  version: string;
  /** Fast shutdown; resolves when the server is gone. A second call is safe. */
  stop(): Promise<void>;
};

const databaseName = "longhaul";
const deadlineMs = 60_000;
/** A server that ends at once this often does so for a reason of its own; dying backends of a killed one are gone long before. */
const mostLaunches = 40;
const longestSocketPath = 90;

const settings: Record<string, string> = {
  listen_addresses: "",
  shared_buffers: "64MB",
  max_connections: "50",
  io_method: "sync",
  jit: "off",
  max_parallel_workers_per_gather: "0",
  wal_level: "minimal",
  max_wal_senders: "0",
  // Checkpoints would otherwise come every few seconds under a burst of small transactions.
  max_wal_size: "512MB",
};

/**
 * Returns the running server of this directory, after making and starting it if needed.
 * @throws LonghaulError unavailable when it cannot be started, with the last lines of its log; conflict for another major version
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const log = options.log ?? (() => undefined);
  if (process.platform === "win32") {
    throw new LonghaulError("unavailable", "The embedded PostgreSQL needs Unix sockets.", {
      hint: "Set DATABASE_URL to a PostgreSQL server.",
    });
  }
  const account = serverAccount(options.sudo);
  await mkdir(options.directory, { recursive: true, mode: 0o711 });
  requireAccess(options.directory, account);
  const binaries = await prepareBinaries(options.directory, account);
  const data = await prepareCluster(options.directory, binaries, account);
  const socket = await socketDirectory(options.directory, account);
  const logFile = join(options.directory, "postgres.log");
  const deadline = Date.now() + deadlineMs;

  let launches = 0;
  for (let starting = false; ; ) {
    const found = await findRunning(data);
    if (found.state === "running") {
      log(`${starting ? "started" : "adopted"} PostgreSQL, process ${found.pid}`);
      await createDatabase(found.host);
      return describe(found, starting, binaries);
    }
    if (found.state === "absent") {
      const ended = await launch(binaries, data, socket, logFile, account, options.settings ?? {});
      starting = !ended;
      launches += 1;
    }
    if (Date.now() > deadline || launches > mostLaunches) {
      const lines = (await readFile(logFile, "utf8").catch(() => "")).trimEnd().split("\n").slice(-10).join("\n");
      throw new LonghaulError("unavailable", `PostgreSQL did not start. Its log ends with:\n${lines}`, {
        hint: `The whole log is ${logFile}.`,
      });
    }
    await delay(20);
  }
}

/** Starts the server and waits until it answers or ends. Returns whether it ended: another starter won, or the log says why. */
async function launch(
  binaries: Binaries,
  data: string,
  socket: string,
  logFile: string,
  account: Account,
  more: Record<string, string>,
): Promise<boolean> {
  const output = await open(logFile, "a", 0o640);
  const args = Object.entries({ ...settings, unix_socket_directories: socket, ...more }).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  const child = spawn(binaries.postgres, ["-D", data, ...args], {
    ...account.credentials,
    cwd: data,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
    detached: true,
    stdio: ["ignore", output.fd, output.fd],
  });
  await output.close();
  let ended = false;
  child.on("error", () => (ended = true));
  child.on("exit", () => (ended = true));
  child.unref();
  while (!ended && (await findRunning(data)).state !== "running") await delay(10);
  if (ended) await delay(100); // dying backends of a killed server hold its shared memory for a moment
  return ended;
}

type Found = { state: "running"; pid: number; host: string } | { state: "busy" | "absent" };

/** Reads the lock file and asks the server behind it. `busy`: a process is there but does not answer yet, or any more. */
async function findRunning(data: string): Promise<Found> {
  const lockFile = join(data, "postmaster.pid");
  const lines = (await readFile(lockFile, "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  const host = lines[4] ?? "";
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return { state: "absent" };
  if (await belongsToAnother(pid, lockFile)) return { state: "absent" };
  if (host === "") return { state: "busy" };
  const client = new pg.Client({ host, user: databaseUser, database: "postgres", connectionTimeoutMillis: 2000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    return (await realpath(rows[0]?.data_directory ?? "")) === (await realpath(data))
      ? { state: "running", pid, host }
      : { state: "busy" };
  } catch {
    return { state: "busy" };
  } finally {
    await client.end().catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * After a reboot the pid of the lock file may be another program's. PostgreSQL itself would refuse to start then, so the file is put aside;
 * only where the system tells the program's name (Linux) and it is not postgres.
 */
async function belongsToAnother(pid: number, lockFile: string): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  if (name === "" || name.trim() === "postgres") return false;
  await rename(lockFile, `${lockFile}.stale`).catch(() => undefined);
  return true;
}

function describe(found: { pid: number; host: string }, started: boolean, binaries: Binaries): EmbeddedDatabase {
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    try {
      process.kill(found.pid, "SIGINT");
    } catch {
      return;
    }
    while (isAlive(found.pid)) await delay(10);
  };
  return {
    connection: { host: found.host, user: databaseUser, database: databaseName },
    pid: found.pid,
    adopted: !started,
    version: binaries.version,
    stop: () => (stopping ??= stop()),
  };
}

/** A socket's path has little room; a directory that is too deep gets a short one in the temporary folder, named by its hash. */
async function socketDirectory(directory: string, account: Account): Promise<string> {
  const near = join(directory, "run");
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  const path = near.length <= longestSocketPath ? near : `/tmp/longhaul-${hash}`;
  await mkdir(path, { recursive: true, mode: 0o700 });
  await own(path, account);
  const { uid } = await stat(path);
  const expected = account.credentials.uid ?? process.getuid?.();
  if (uid !== expected) {
    throw new LonghaulError("forbidden", `${path} belongs to user ${uid}, not to ${account.name}.`, {
      hint: "Remove it, or set LONGHAUL_HOME.",
    });
  }
  return path;
}

async function createDatabase(host: string): Promise<void> {
  const client = new pg.Client({ host, user: databaseUser, database: "postgres" });
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
