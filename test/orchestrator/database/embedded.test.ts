import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EmbeddedOptions, startEmbedded } from "../../../orchestrator/database/embedded.ts";
import { createGuardedDirectory } from "../../support/postgres.ts";
import { ask, kill, startElsewhere } from "./starter.ts";

let guarded: Awaited<ReturnType<typeof createGuardedDirectory>>;
let directory: string;
beforeEach(async () => {
  guarded = await createGuardedDirectory();
  directory = join(guarded.path, "pg");
});
afterEach(() => guarded.remove());

const start = (options: Partial<EmbeddedOptions> = {}) =>
  startEmbedded({ directory, settings: { max_connections: "20" }, ...options });

describe("the embedded server", () => {
  it("starts, listens on no port, stops, and starts again with its data", async () => {
    const coldMs = performance.now();
    const first = await start();
    console.log(`first start ${Math.round(performance.now() - coldMs)} ms`);
    expect(first.adopted).toBe(false);
    await ask(first.connection, "create table kept (n integer)");
    const facts = await ask<{ name: string; setting: string }>(
      first.connection,
      `select name, setting from pg_settings
       where name in ('listen_addresses', 'fsync', 'synchronous_commit', 'dynamic_shared_memory_type') order by name`,
    );
    expect(facts.map((fact) => fact.setting)).toEqual(["mmap", "on", "", "on"]);
    const adoptMs = performance.now();
    expect((await start()).adopted).toBe(true);
    console.log(`adoption ${Math.round(performance.now() - adoptMs)} ms`);
    await first.stop();
    await first.stop();
    expect(first.isRunning()).toBe(false);
    const warmMs = performance.now();
    const second = await start();
    console.log(`warm start ${Math.round(performance.now() - warmMs)} ms`);
    expect(await ask(second.connection, "select * from kept")).toEqual([]);
  });

  it("keeps nothing where a logout would remove it", async () => {
    const { pid } = await start();
    const maps = await readFile(`/proc/${pid}/maps`, "utf8").catch(() => "");
    expect(maps).not.toContain("/dev/shm/PostgreSQL");
  });

  it("outlives a starter that is killed, and the next starter adopts it", async () => {
    const { child, pid } = await startElsewhere(directory);
    await kill(child);
    expect(await start()).toMatchObject({ adopted: true, pid });
  });

  it("is one server for eight starters at once", async () => {
    const started = await Promise.all(Array.from({ length: 8 }, () => startElsewhere(directory)));
    await Promise.all(started.map(({ child }) => kill(child)));
    expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
    expect(started.filter(({ adopted }) => !adopted).length).toBe(1);
  });

  it("refuses a data directory of another major version and says what to do", async () => {
    await (await start()).stop();
    await writeFile(join(directory, "data", "PG_VERSION"), "14\n");
    await expect(start()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("PostgreSQL 14"),
      hint: expect.stringContaining("LONGHAUL_HOME"),
    });
  });

  it("says what the server said when it does not start", async () => {
    await expect(start({ settings: { shared_buffers: "lots" } })).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining('invalid value for parameter "shared_buffers"'),
    });
  });

  it("ignores the environment that is meant for other servers", async () => {
    const env = { ...process.env, PGPORT: "5433", PGHOST: "nowhere", PGUSER: "me", PGSSLMODE: "require" };
    const { child, host, port } = await startElsewhere(directory, { env });
    expect({ host, port }).toEqual({ host: join(directory, "run"), port: 5432 });
    await kill(child);
  });

  it("stops waiting when it is told to, and leaves no server behind", async () => {
    await (await start()).stop();
    const stopped = new AbortController();
    const starting = start({ signal: stopped.signal });
    setTimeout(() => stopped.abort(), 60);
    const server = await starting.catch(() => undefined);
    await server?.stop();
    await expect.poll(() => readFile(join(directory, "data", "postmaster.pid"), "utf8").catch(() => "gone")).toBe("gone");
  });
});
