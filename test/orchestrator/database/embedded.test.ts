import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startEmbedded } from "../../../orchestrator/database/embedded.ts";

const starter = fileURLToPath(new URL("../../support/start-embedded.ts", import.meta.url));
const cheap = { max_connections: "20" };
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp("/tmp/longhaul-embedded-");
  await chmod(directory, 0o711);
});
afterEach(async () => {
  const server = await startEmbedded({ directory: join(directory, "pg") }).catch(() => undefined);
  await server?.stop();
  await chmod(directory, 0o711);
  await rm(directory, { recursive: true, force: true });
});

const start = () => startEmbedded({ directory: join(directory, "pg"), settings: cheap });

/** A starter in a process of its own, which prints the server's pid and then waits to be killed. */
async function startElsewhere(identity: { uid?: number; gid?: number } = {}) {
  const child = spawn(process.execPath, [starter, join(directory, "pg")], { stdio: ["ignore", "pipe", "inherit"], ...identity });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return {
    child,
    ...(JSON.parse(line.toString()) as { pid: number; adopted: boolean; host: string; user: string; database: string }),
  };
}

async function ask<Row extends object>(connection: pg.ClientConfig, text: string): Promise<Row[]> {
  const client = new pg.Client(connection);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

describe("the embedded server", () => {
  it("starts, listens on no port, stops, and starts again with its data", async () => {
    const coldMs = performance.now();
    const first = await start();
    console.log(`first start ${Math.round(performance.now() - coldMs)} ms`);
    expect(first.adopted).toBe(false);
    await ask(first.connection, "create table kept (n integer)");
    const facts = await ask<{ name: string; setting: string }>(
      first.connection,
      "select name, setting from pg_settings where name in ('listen_addresses', 'fsync', 'synchronous_commit') order by name",
    );
    expect(facts.map((fact) => fact.setting)).toEqual(["on", "", "on"]);
    await first.stop();
    await first.stop();
    const warmMs = performance.now();
    const second = await start();
    console.log(`warm start ${Math.round(performance.now() - warmMs)} ms`);
    expect(await ask(second.connection, "select * from kept")).toEqual([]);
  });

  it("outlives a starter that is killed, and the next starter adopts it", async () => {
    const { child, pid } = await startElsewhere();
    child.kill("SIGKILL");
    await once(child, "exit");
    const next = await start();
    expect(next).toMatchObject({ adopted: true, pid });
  });

  it("is one server for eight starters at once", async () => {
    const started = await Promise.all(Array.from({ length: 8 }, () => startElsewhere()));
    for (const { child } of started) child.kill("SIGKILL");
    expect(new Set(started.map(({ pid }) => pid)).size).toBe(1);
    expect(started.filter(({ adopted }) => !adopted).length).toBeLessThanOrEqual(1);
  });

  it("loses no acknowledged write when the postmaster is killed", async () => {
    let server = await start();
    await ask(server.connection, "create table written (n integer primary key)");
    let acknowledged = 0;
    for (let round = 0; round < 5; round += 1) {
      const client = new pg.Client(server.connection);
      client.on("error", () => undefined);
      await client.connect();
      const { pid } = server;
      setTimeout(() => process.kill(pid, "SIGKILL"), 30 + round * 17);
      try {
        for (;;) {
          await client.query("insert into written values ($1)", [acknowledged + 1]);
          acknowledged += 1;
        }
      } catch {
        await client.end().catch(() => undefined);
      }
      server = await start();
      expect(server.adopted).toBe(false);
      const [row] = await ask<{ count: number }>(server.connection, "select count(*)::integer as count from written");
      // One more than acknowledged is right: its commit was durable, only its answer was lost.
      expect([acknowledged, acknowledged + 1]).toContain(row?.count);
      acknowledged = row?.count ?? 0;
    }
    expect(acknowledged).toBeGreaterThan(5);
  });

  it("refuses a data directory of another major version and says what to do", async () => {
    await (await start()).stop();
    await writeFile(join(directory, "pg", "data", "PG_VERSION"), "14\n");
    await expect(start()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("PostgreSQL 14"),
      hint: expect.stringContaining("LONGHAUL_HOME"),
    });
    await writeFile(join(directory, "pg", "data", "PG_VERSION"), "18\n");
  });

  it("works in a directory whose path is too long for a socket", async () => {
    const deep = join(directory, "d".repeat(60), "e".repeat(60));
    await mkdir(deep, { recursive: true });
    const server = await startEmbedded({ directory: deep, settings: cheap });
    expect(await ask(server.connection, "select 1 as one")).toEqual([{ one: 1 }]);
    await server.stop();
  });

  it("is not fooled by a lock file whose pid another program has now", async () => {
    await (await start()).stop();
    const lockFile = join(directory, "pg", "data", "postmaster.pid");
    await writeFile(lockFile, `${process.pid}\n${join(directory, "pg", "data")}\n1700000000\n5432\n/nowhere\n\n\nready\n`);
    const server = await start();
    expect(server.adopted).toBe(false);
    expect(await readFile(`${lockFile}.stale`, "utf8")).toContain(String(process.pid));
  });
});

describe.runIf(process.getuid?.() === 0)("under root", () => {
  it("refuses a directory that the server's user cannot enter, and says which", async () => {
    await chmod(directory, 0o700);
    await expect(start()).rejects.toMatchObject({ code: "forbidden", hint: expect.stringContaining("LONGHAUL_HOME") });
  });

  it("works for an ordinary user as well", async () => {
    const nobody = { uid: 65_534, gid: 65_534 };
    await chmod(directory, 0o777);
    const { child, user, adopted } = await startElsewhere(nobody);
    expect({ user, adopted }).toEqual({ user: "longhaul", adopted: false });
    const lines = await readFile(join(directory, "pg", "data", "postmaster.pid"), "utf8");
    process.kill(Number(lines.split("\n")[0]), "SIGQUIT");
    child.kill("SIGKILL");
    await once(child, "exit");
    await rm(join(directory, "pg"), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
});
