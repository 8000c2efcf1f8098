/** Starts the server's process, detached from ours: it outlives us, and Ctrl-C reaches only us, so that we can drain before it stops. */
import { spawn } from "node:child_process";
import { open, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { writeAccess } from "./cluster.ts";
import { prepareSocketDirectory, socketPort } from "./socket-directory.ts";

export type Launch = {
  pid: number | undefined;
  ended(): boolean;
  /** What was written to the log since the launch; other starters' servers write there too. */
  said(): Promise<string>;
  /** Ends a server that is no longer wanted while it starts: a fast shutdown, then an immediate one. Resolves when it is gone. */
  stop(): Promise<void>;
};

const largestLogBytes = 10_000_000;
/** For a server that starts or recovers and is told to stop; it is told twice. */
const shutdownMs = 30_000;

const settings: Record<string, string> = {
  listen_addresses: "",
  port: String(socketPort),
  shared_buffers: "64MB",
  max_connections: "50",
  io_method: "sync",
  jit: "off",
  max_parallel_workers_per_gather: "0",
  wal_level: "minimal",
  max_wal_senders: "0",
  // Checkpoints would otherwise come every few seconds under a burst of small transactions.
  max_wal_size: "512MB",
  // Not in /dev/shm: systemd empties that of a user's files at logout (RemoveIPC), after which the server refuses every new connection.
  dynamic_shared_memory_type: "mmap",
};

/** @param recycledPid a pid in the lock file that is certainly not a server's */
export async function launch(
  place: { directory: string; data: string; logFile: string },
  binaries: Binaries,
  account: Account,
  more: Record<string, string>,
  recycledPid: number | undefined,
): Promise<Launch> {
  const { directory, data, logFile } = place;
  const socket = await prepareSocketDirectory(directory, account);
  const quoted = `"${socket.replaceAll('"', '""')}"`; // the setting is a list
  const all = { ...settings, ...(await writeAccess(directory, account)), unix_socket_directories: quoted, ...more };
  const args = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const { size } = await stat(logFile).catch(() => ({ size: 0 }));
  if (size > largestLogBytes) await rename(logFile, join(directory, "postgres.log.1")).catch(() => undefined);
  const output = await open(logFile, "a", 0o640);
  const { size: start } = await output.stat();
  // PostgreSQL takes a lock file with the pid of its grandparent for an old one: so told, it replaces the file itself, under its own
  // checks of shared memory. If the file names somebody else by then, it refuses as always.
  const grandparent = recycledPid === undefined ? {} : { PG_GRANDPARENT_PID: String(recycledPid) };
  const child = spawn(binaries.postgres, ["-D", data, ...args], {
    ...account.credentials,
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC", ...grandparent },
    detached: true,
    stdio: ["ignore", output.fd, output.fd],
  });
  // Listened to before anything is waited for: a server that cannot start is gone within milliseconds.
  let ended = false;
  const gone = new Promise<void>((resolve) => {
    for (const event of ["error", "exit"]) child.once(event, () => resolve());
  }).then(() => {
    ended = true;
  });
  await output.close();
  child.unref();
  return {
    pid: child.pid,
    ended: () => ended,
    said: () => readFrom(logFile, start),
    async stop() {
      child.ref(); // whoever waits for its end must not end before it
      for (const name of ["SIGINT", "SIGQUIT"] as const) {
        if (ended) return;
        child.kill(name);
        await Promise.race([gone, delay(shutdownMs, undefined, { ref: false })]);
      }
    },
  };
}

async function readFrom(path: string, start: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(Math.max(size - start, 0), 64_000));
    await file.read(buffer, 0, buffer.length, Math.max(start, size - buffer.length));
    return buffer.toString();
  } finally {
    await file.close();
  }
}
