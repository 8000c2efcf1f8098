/**
 * Finds the server that runs on a data directory, through the lock file that PostgreSQL keeps there. The file is only read, never removed:
 * PostgreSQL itself decides under its own locks whether an old one may go.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import pg from "pg";
import { LonghaulError } from "../domain/errors.ts";
import { databaseUser } from "./cluster.ts";
import { socketPort } from "./socket-directory.ts";

export type RunningServer = { pid: number; host: string; version: string };

/**
 * `recovering`: alive and at work on starting or stopping. `silent`: a process is there that says nothing useful. `absent`: nobody is;
 * `recycledPid` is then a pid of the lock file that another program has now.
 */
export type Sighting =
  | ({ state: "running" } & RunningServer)
  | { state: "recovering" }
  | { state: "silent"; pid: number; reason: string }
  | { state: "absent"; recycledPid?: number };

/** SQLSTATE of a server that starts up, shuts down or recovers. */
const cannotConnectNow = "57P03";

/** @throws LonghaulError forbidden when the server does not let the current user in */
export async function findServer(data: string): Promise<Sighting> {
  const lines = (await readLockFile(data)).split("\n");
  const pid = Number(lines[0]);
  const host = lines[4] ?? "";
  if (!Number.isInteger(pid) || pid <= 0 || !exists(pid)) return { state: "absent" };
  const answer = host === "" ? "it has no socket yet" : await probe(host, data);
  if (typeof answer === "object") return { state: "running", pid, host, ...answer };
  if (answer === cannotConnectNow) return { state: "recovering" };
  if (!isServer(pid, data) || runsAnotherProgram(pid)) return { state: "absent", recycledPid: pid };
  return { state: "silent", pid, reason: answer };
}

/**
 * Whether the process is the server of this directory: after a reboot its pid may be another program's, and in a container whose first
 * process does not collect the dead, a killed server stays in the process table. Where the command line cannot be read, existing counts.
 */
export function isServer(pid: number, data: string): boolean {
  if (!exists(pid)) return false;
  let words: string[];
  try {
    words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return exists(pid);
  }
  const option = words.indexOf("-D");
  if (option === -1) return basename(words[0] ?? "") === "postgres";
  return realPath(words[option + 1] ?? "") === realPath(data);
}

/** Only ESRCH means dead: a process of another user answers EPERM. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** For systems without /proc. Starts a program, so it is asked only about servers that do not answer. */
function runsAnotherProgram(pid: number): boolean {
  if (process.platform === "linux") return false;
  const { status, stdout } = spawnSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  return status === 0 && !stdout.includes("postgres");
}

async function readLockFile(data: string): Promise<string> {
  try {
    return await readFile(join(data, "postmaster.pid"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** Asks the server behind the socket which directory it serves: a copied lock file leads to the server of the original. */
async function probe(host: string, data: string): Promise<{ version: string } | string> {
  const client = new pg.Client({
    host,
    port: socketPort,
    ssl: false,
    user: databaseUser,
    database: "postgres",
    connectionTimeoutMillis: 2000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ directory: string; version: string }>(
      "select current_setting('data_directory') as directory, current_setting('server_version') as version",
    );
    const { directory = "", version = "" } = rows[0] ?? {};
    return realPath(directory) === realPath(data) ? { version } : `its socket is the one of a server on ${directory}`;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== "28000") return code === cannotConnectNow ? code : message;
    throw new LonghaulError("forbidden", `The PostgreSQL server on ${data} does not let this user in: ${message}`, {
      hint: "It was started by another user. Run Longhaul as that user, or stop the server, so that the next start maps this user too.",
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
