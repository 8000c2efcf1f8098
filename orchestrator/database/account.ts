/** The user that the server runs under: PostgreSQL refuses to run as root. */
import { spawnSync } from "node:child_process";
import { type UserInfo, userInfo } from "node:os";
import { LonghaulError } from "../domain/errors.ts";

export type Account = {
  name: string;
  /** Empty when the server runs as the current user. */
  credentials: { uid?: number; gid?: number };
};

/**
 * Chooses the account: the current user; for root the owner of the data that is there, else the one who called sudo, else `postgres`,
 * else `nobody`. The owner comes first because PostgreSQL serves a directory to nobody else, and root starts with sudo and without.
 * @param sudo SUDO_UID and SUDO_GID of the environment, if any
 * @throws LonghaulError forbidden when the data belongs to somebody whom the current user cannot become
 */
export function serverAccount(
  sudo: { uid: number; gid: number } | undefined,
  owner: { uid: number; gid: number } | undefined,
): Account {
  const self = currentUser();
  if (self.uid !== 0) {
    if (owner === undefined || owner.uid === self.uid) return { name: self.username, credentials: {} };
    throw new LonghaulError("forbidden", `The database belongs to user ${owner.uid}, this process runs as ${self.username}.`, {
      hint: "Run Longhaul as that user or as root, or set LONGHAUL_HOME to a folder of your own.",
    });
  }
  if (owner !== undefined && owner.uid !== 0) {
    return lookUp(String(owner.uid)) ?? { name: `number ${owner.uid}`, credentials: { uid: owner.uid, gid: owner.gid } };
  }
  const caller = sudo === undefined || sudo.uid === 0 ? undefined : lookUp(String(sudo.uid));
  const account = caller ?? lookUp("postgres") ?? lookUp("nobody");
  if (account !== undefined) return account;
  throw new LonghaulError("unavailable", "PostgreSQL does not run as root, and there is no user postgres or nobody.", {
    hint: "Add a user named postgres, run Longhaul as an ordinary user, or set DATABASE_URL.",
  });
}

/** The user this process runs as; peer authentication knows it by its name. */
export function currentUser(): UserInfo<string> {
  try {
    return userInfo();
  } catch (error) {
    throw new LonghaulError("unavailable", `User ${process.getuid?.()} has no name, and PostgreSQL does not run without one.`, {
      hint: "Add the user to /etc/passwd (containers: run as a user of the image), or set DATABASE_URL.",
      cause: error,
    });
  }
}

/** Asks the system rather than /etc/passwd, which does not list the users of directory services (nor, on macOS, any person). */
function lookUp(user: string): Account | undefined {
  const { status, stdout } = spawnSync("/bin/sh", ["-c", 'id -un "$1" && id -u "$1" && id -g "$1"', "sh", user], {
    encoding: "utf8",
    env: { PATH: "/usr/bin:/bin" },
  });
  const [name = "", uid, gid] = stdout.split("\n");
  return status === 0 ? { name, credentials: { uid: Number(uid), gid: Number(gid) } } : undefined;
}
