/** The folder that holds everything of the embedded server, made so that the server's user can pass through it. */
import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LonghaulError } from "../domain/errors.ts";
import type { Account } from "./account.ts";

/** No starter takes this long to make what it then renames. */
const abandonedAfterMs = 3_600_000;

/**
 * Makes the folder when it is missing.
 * @throws LonghaulError forbidden when it cannot be made, or when the account cannot enter a folder on the way, which needs `x`
 */
export async function prepareDirectory(directory: string, account: Account): Promise<void> {
  let first: string | undefined;
  try {
    first = await mkdir(directory, { recursive: true, mode: 0o711 });
  } catch (error) {
    throw new LonghaulError("forbidden", `The database's folder ${directory} cannot be made: ${(error as Error).message}`, {
      hint: "Set LONGHAUL_HOME to a folder that you may write to.",
      cause: error,
    });
  }
  // The mode above is cut by the umask; only what was made here is opened.
  for (const path of first === undefined ? [] : ancestors(directory).filter((one) => one.length >= first.length)) {
    await chmod(path, 0o711);
  }
  if (account.credentials.uid !== undefined) requireAccess(directory, account);
}

/** Removes what starters left behind that were killed while making something beside its place. */
export async function removeAbandoned(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!/^(data|native-.+)\.\d+\.[0-9a-f]{8}$/.test(name)) continue;
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > abandonedAfterMs) await rm(path, { recursive: true, force: true });
  }
}

function requireAccess(directory: string, account: Account): void {
  const script = 'for folder; do cd "$folder" 2>/dev/null || { printf %s "$folder"; exit 1; }; done';
  const result = spawnSync("/bin/sh", ["-c", script, "sh", ...ancestors(directory)], {
    ...account.credentials,
    cwd: "/",
    encoding: "utf8",
  });
  if (result.status === 0) return;
  if (result.error !== undefined) {
    throw new LonghaulError("forbidden", `Root may not start programs as user ${account.name} here: ${result.error.message}`, {
      hint: "Run Longhaul as an ordinary user, give the container the capabilities SETUID and SETGID, or set DATABASE_URL.",
      cause: result.error,
    });
  }
  throw new LonghaulError(
    "forbidden",
    `PostgreSQL runs as user ${account.name}, who cannot enter ${result.stdout}, so not ${directory}.`,
    {
      hint: `Set LONGHAUL_HOME to a folder that every user can pass through (under root: not /root), or run chmod o+x ${result.stdout}.`,
    },
  );
}

/** From the root down to the path itself. */
function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestors(parent), path];
}
