/** The data directory, made once, and who may connect to it. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LonghaulError } from "../domain/errors.ts";
import { type Account, currentUser } from "./account.ts";
import type { Binaries } from "./binaries.ts";

/** Superuser and owner of the embedded database. */
export const databaseUser = "longhaul";

/**
 * Makes the cluster when there is none. Several starters at once each make one beside the place and the first rename wins.
 * @throws LonghaulError conflict when the directory was made by another major version of PostgreSQL
 */
export async function prepareCluster(directory: string, binaries: Binaries, account: Account): Promise<string> {
  const data = join(directory, "data");
  const version = await readFile(join(data, "PG_VERSION"), "utf8").catch(() => undefined);
  if (version !== undefined && Number(version) !== binaries.major) {
    throw new LonghaulError(
      "conflict",
      `${data} was made by PostgreSQL ${version.trim()}, this Longhaul brings ${binaries.major}.`,
      {
        hint: `Start the Longhaul version that made it and dump the database, or set LONGHAUL_HOME to a new folder.`,
      },
    );
  }
  if (version === undefined) await makeCluster(directory, data, binaries, account);
  return data;
}

/**
 * Writes who may connect: the server's user, ours and root, known by their names through the socket. Done anew before each start, because
 * names change when a home moves to another machine. Beside the data, because root must not write where another user could lay links.
 */
export async function writeAccess(directory: string, account: Account): Promise<Record<"hba_file" | "ident_file", string>> {
  const users = new Set([account.name, currentUser().username, "root"]);
  const contents = {
    hba_file: "local all all peer map=longhaul\n",
    ident_file: [...users].map((user) => `longhaul "${user}" ${databaseUser}\n`).join(""),
  };
  const paths = { hba_file: join(directory, "pg_hba.conf"), ident_file: join(directory, "pg_ident.conf") };
  for (const name of ["hba_file", "ident_file"] as const) {
    const mine = `${paths[name]}.${process.pid}.${randomBytes(4).toString("hex")}`;
    await writeFile(mine, contents[name], { flag: "wx" });
    await chmod(mine, 0o644);
    await rename(mine, paths[name]);
  }
  return paths;
}

async function makeCluster(directory: string, data: string, binaries: Binaries, account: Account): Promise<void> {
  const mine = join(directory, `data.${process.pid}.${randomBytes(4).toString("hex")}`);
  await mkdir(mine, { mode: 0o700 });
  const { uid, gid } = account.credentials;
  if (uid !== undefined && gid !== undefined) await chown(mine, uid, gid);
  const locale = ["--locale=C", "--lc-ctype=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const args = ["-D", mine, "-U", databaseUser, "-E", "UTF8", "-A", "peer", "--no-sync", ...locale];
  try {
    await run(binaries.initdb, args, account, directory);
    await rename(mine, data);
  } catch (error) {
    await rm(mine, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}

function run(program: string, args: string[], account: Account, directory: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
    const child = spawn(program, args, { ...account.credentials, cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new LonghaulError("unavailable", `initdb failed (${code}): ${said.trim()}`, {
            hint: "Set DATABASE_URL to use a server of your own.",
          }),
        );
    });
  });
}
