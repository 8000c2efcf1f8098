/** The user that the server runs under: PostgreSQL refuses to run as root. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { LonghaulError } from "../domain/errors.ts";

export type Account = {
  name: string;
  /** Empty when the server runs as the current user. */
  credentials: { uid?: number; gid?: number };
};

/**
 * Chooses the account: the current user; for root the one who called sudo, else `postgres`, else `nobody`.
 * @param sudo SUDO_UID and SUDO_GID of the environment, if any
 */
export function serverAccount(sudo: { uid: number; gid: number } | undefined): Account {
  const self = userInfo();
  if (self.uid !== 0) return { name: self.username, credentials: {} };
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));
  const wanted = [
    users.find((user) => sudo !== undefined && sudo.uid !== 0 && user.uid === sudo.uid),
    users.find((user) => user.name === "postgres"),
    users.find((user) => user.name === "nobody"),
  ].find((user) => user !== undefined) ?? { name: "nobody", uid: 65_534, gid: 65_534 };
  return { name: wanted.name, credentials: { uid: wanted.uid, gid: wanted.gid } };
}

/** Name of the user this process runs as; peer authentication knows it by that. */
export function currentUser(): string {
  return userInfo().username;
}

/** @throws LonghaulError forbidden when the account cannot enter the directory, which needs `x` on every folder above it */
export function requireAccess(directory: string, account: Account): void {
  if (account.credentials.uid === undefined) return;
  const result = spawnSync("/bin/sh", ["-c", 'cd "$1"', "sh", directory], { ...account.credentials, cwd: "/" });
  if (result.status === 0) return;
  throw new LonghaulError("forbidden", `PostgreSQL runs as user ${account.name}, who cannot enter ${directory}.`, {
    hint: `Set LONGHAUL_HOME to a folder that every user can pass through (under root: not /root), or open the folders above it (chmod o+x).`,
  });
}
