import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EmbeddedDatabase, startEmbedded } from "../../../orchestrator/database/embedded.ts";
import { keepEmbedded } from "../../../orchestrator/database/keeper.ts";
import { findServer } from "../../../orchestrator/database/running-server.ts";
import { createGuardedDirectory } from "../../support/postgres.ts";
import { ask, kill, startElsewhere } from "./starter.ts";

const rounds = 4;
let guarded: Awaited<ReturnType<typeof createGuardedDirectory>>;
let directory: string;
beforeEach(async () => {
  guarded = await createGuardedDirectory();
  directory = join(guarded.path, "pg");
});
afterEach(() => guarded.remove());

const start = () => startEmbedded({ directory, settings: { max_connections: "20" } });

/** Writes until the connection breaks. Returns the last number that was acknowledged. */
async function writeUntilBroken(server: EmbeddedDatabase, from: number, breakIt: (backend: number) => void): Promise<number> {
  const client = new pg.Client(server.connection);
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  let acknowledged = from;
  setTimeout(() => breakIt(rows[0]?.pid as number), 50 + Math.random() * 100);
  try {
    for (;;) {
      await client.query("insert into written values ($1)", [acknowledged + 1]);
      acknowledged += 1;
    }
  } catch {
    await client.end().catch(() => undefined);
  }
  return acknowledged;
}

describe.each(["postmaster", "backend", "starter"] as const)("a %s that is killed", (victim) => {
  it("loses no acknowledged write", { timeout: 120_000 }, async () => {
    const first = await start();
    await ask(first.connection, "create table written (n integer primary key)");
    let written = 0;
    for (let round = 0; round < rounds; round += 1) {
      const starter = await startElsewhere(directory);
      const server = await start();
      const acknowledged = await writeUntilBroken(server, written, (backend) => {
        if (victim === "starter") starter.child.kill("SIGKILL");
        process.kill(victim === "postmaster" ? server.pid : backend, "SIGKILL");
      });
      await kill(starter.child);
      const next = await start();
      expect(next.adopted).toBe(victim !== "postmaster");
      const [row] = await ask<{ count: number }>(next.connection, "select count(*)::integer as count from written");
      // One more than acknowledged is right: its commit was durable, only its answer was lost.
      expect([acknowledged, acknowledged + 1]).toContain(row?.count);
      written = row?.count ?? 0;
    }
    expect(written).toBeGreaterThan(rounds);
  });
});

describe("what a killed server leaves", () => {
  it("is waited for while one of its backends is still at work", async () => {
    const server = await start();
    const client = new pg.Client(server.connection);
    client.on("error", () => undefined);
    await client.connect();
    const busy = client.query("select count(*) from generate_series(1, 4000000) n where n % 7 = 0").catch(() => undefined);
    await expect
      .poll(() => ask(server.connection, "select from pg_stat_activity where state = 'active' and query like '%n % 7%' limit 2"))
      .toHaveLength(2);
    process.kill(server.pid, "SIGKILL");
    expect((await start()).adopted).toBe(false);
    await busy;
    await client.end().catch(() => undefined);
  });

  it("is a lock file, which does not fool when its pid is now another program's of the same user", async () => {
    const server = await start();
    await server.stop();
    const data = join(directory, "data");
    const { uid, gid } = await stat(data);
    const other = spawn("sleep", ["600"], { uid, gid, stdio: "ignore" });
    await writeFile(
      join(data, "postmaster.pid"),
      `${other.pid}\n${data}\n1700000000\n5432\n${server.connection.host}\n\n\nready\n`,
    );
    expect((await start()).adopted).toBe(false);
    expect(other.exitCode).toBe(null);
    await kill(other);
  });

  it.runIf(process.platform === "linux")("may be a dead process that nobody collects", async () => {
    const first = await start();
    const { uid, gid } = await stat(join(directory, "data"));
    const command = (await readFile(`/proc/${first.pid}/cmdline`, "utf8")).split("\0").slice(0, -1);
    await first.stop();
    // `sleep` takes the shell's place and so becomes the parent of a server that it will never wait for.
    const parent = spawn("/bin/sh", ["-c", '"$@" & exec sleep 600', "sh", ...command], { uid, gid, cwd: "/", stdio: "ignore" });
    await expect
      .poll(() => readFile(join(directory, "data", "postmaster.pid"), "utf8").catch(() => ""), { timeout: 20_000 })
      .toContain("ready");
    const adopted = await start();
    expect(await readFile(`/proc/${adopted.pid}/stat`, "utf8")).toContain(` ${parent.pid} `);
    process.kill(adopted.pid, "SIGKILL");
    const next = await start();
    expect(await readFile(`/proc/${adopted.pid}/stat`, "utf8")).toContain("(postgres) Z");
    expect({ adopted: next.adopted, firstRuns: adopted.isRunning() }).toEqual({ adopted: false, firstRuns: false });
    await adopted.stop();
    await kill(parent);
  });
});

describe("the keeper", () => {
  it("brings a killed server back where it was", async () => {
    const kept = await keepEmbedded({ directory, settings: { max_connections: "20" } });
    await ask(kept.connection, "create table kept (n integer)");
    process.kill((await start()).pid, "SIGKILL");
    await expect.poll(() => ask(kept.connection, "select * from kept").catch(() => "down"), { timeout: 20_000 }).toEqual([]);
    await kept.stop();
    expect(await readFile(join(directory, "data", "postmaster.pid"), "utf8").catch(() => "gone")).toBe("gone");
  });

  it("leaves no server behind when it is stopped while it brings one back", async () => {
    const lines: string[] = [];
    const kept = await keepEmbedded({ directory, settings: { max_connections: "20" }, log: (line) => lines.push(line) });
    const { pid } = await start();
    process.kill(pid, "SIGKILL");
    await expect.poll(() => lines.some((line) => line.includes("is gone"))).toBe(true);
    await kept.stop();
    // Not the lock file: that of the killed server stays when the stop came before the new one was launched.
    expect((await findServer(join(directory, "data"))).state).toBe("absent");
  });
});

describe("the guard of the tests", () => {
  it("removes the servers of a folder together with it", async () => {
    const own = await createGuardedDirectory();
    const server = await startEmbedded({ directory: join(own.path, "pg"), settings: { max_connections: "20" } });
    await own.remove();
    expect(server.isRunning()).toBe(false);
    await expect(stat(own.path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("does so as well when the process that asked for it is killed", async () => {
    const script = `
      const { startTestServer } = await import(${JSON.stringify(new URL("../../support/postgres.ts", import.meta.url).href)});
      const { pid, directory } = await startTestServer({ max_connections: "20" });
      process.stdout.write(JSON.stringify({ pid, directory }));
      setInterval(() => undefined, 60_000);`;
    const runner = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(runner.stdout, "data")) as [Buffer];
    const { directory: left } = JSON.parse(line.toString()) as { directory: string };
    await kill(runner);
    await expect.poll(() => stat(left).catch((error: NodeJS.ErrnoException) => error.code), { timeout: 20_000 }).toBe("ENOENT");
  });
});
