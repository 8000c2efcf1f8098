/**
 * One orchestrator per home directory. The lock is a listening socket, because the kernel lets go of it the moment its process dies,
 * however it dies; a lock file would have to be judged stale.
 */
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Takes the lock of this home; resolves to undefined when another process holds it, else to the function that releases it. */
export async function lockHome(home: string): Promise<(() => Promise<void>) | undefined> {
  const name = `longhaul-${createHash("sha256").update(home).digest("hex").slice(0, 24)}`;
  // Linux: a name in the abstract namespace, which leaves nothing behind. Windows: a named pipe. Elsewhere: a file, replaced when nobody answers.
  const address =
    process.platform === "linux"
      ? `\0${name}`
      : process.platform === "win32"
        ? `\\\\.\\pipe\\${name}`
        : join(tmpdir(), `${name}.sock`);
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, address).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE" || !address.startsWith("/") || (await isAnswered(address))) throw error;
      await rm(address, { force: true }); // left behind by a process that was killed
      await listen(server, address);
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(address, resolve);
  });
}

function isAnswered(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => resolve(true)).on("error", () => resolve(false));
    socket.unref();
  });
}
