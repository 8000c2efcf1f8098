/** The folder of the server's Unix socket: private to the server's user, with a path short enough for a socket address. */
import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { LonghaulError } from "../domain/errors.ts";
import type { Account } from "./account.ts";

/** The number in the socket's name; nothing listens on a port. */
export const socketPort = 5432;

/** macOS has room for 103 bytes, Linux for 107. */
const longestSocketPath = 99;

/**
 * `run` in the state directory; when that is too deep, a folder in /tmp named by its hash. Not in XDG_RUNTIME_DIR: that is emptied at
 * logout, which the server outlives.
 */
export async function prepareSocketDirectory(directory: string, account: Account): Promise<string> {
  const near = join(directory, "run");
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 16);
  const fits = Buffer.byteLength(join(near, `.s.PGSQL.${socketPort}`)) <= longestSocketPath;
  const path = fits ? near : `/tmp/longhaul-${hash}`;
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const self = process.getuid?.();
  const { uid = self, gid } = account.credentials;
  // Everybody may write to /tmp: a link or a folder put there by somebody else must neither be used nor, by root, given away.
  const found = await lstat(path);
  if (!found.isDirectory() || (found.uid !== uid && found.uid !== self)) {
    throw new LonghaulError("forbidden", `${path}, the place of the database's socket, belongs to user ${found.uid}.`, {
      hint: "Remove it, or set LONGHAUL_HOME to a folder with a shorter path.",
    });
  }
  await chmod(path, 0o700);
  if (found.uid !== uid && uid !== undefined && gid !== undefined) await chown(path, uid, gid);
  return path;
}
