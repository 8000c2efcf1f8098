/**
 * A primary that dies under load and a standby that takes its place, as managed PostgreSQL does it: the address stays, the server behind it is
 * another. Replication is synchronous, so what was acknowledged is on both.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { type EmbeddedDatabase, startEmbedded } from "../../orchestrator/database/embedded.ts";
import { openDatabase } from "../../orchestrator/store/db.ts";
import { brokenInvariants } from "../support/invariants.ts";
import { createTestOrchestrator, untilEnded } from "../support/orchestrator.ts";
import { createGuardedDirectory } from "../support/postgres.ts";
import { faultRounds } from "../support/seed.ts";

const rounds = faultRounds(1, 5);
const socketName = ".s.PGSQL.5432";

const ask = async <Row extends pg.QueryResultRow>(server: EmbeddedDatabase, text: string): Promise<Row[]> => {
  const client = new pg.Client({ ...server.connection, database: "postgres" });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
};

/** A primary, and a standby that has all of it and confirms every commit. */
async function startPair(folder: string): Promise<{ primary: EmbeddedDatabase; standby: EmbeddedDatabase }> {
  const access = join(folder, "pg_hba.conf");
  await writeFile(access, "local all all peer map=longhaul\nlocal replication all peer map=longhaul\n");
  const settings = { wal_level: "replica", max_wal_senders: "4", hba_file: access, wal_keep_size: "256MB" };
  const primary = await startEmbedded({ directory: join(folder, "a"), settings });
  const backup = new pg.Client({ ...primary.connection, database: "postgres" });
  await backup.connect();
  await backup.query("select pg_backup_start('standby', true)");
  await mkdir(join(folder, "b"));
  execFileSync("cp", ["-a", join(folder, "a", "data"), join(folder, "b", "data")]);
  const { rows } = await backup.query<{ labelfile: string }>("select labelfile from pg_backup_stop()");
  await backup.end();
  const data = join(folder, "b", "data");
  await rm(join(data, "postmaster.pid"));
  await writeFile(join(data, "backup_label"), rows[0]?.labelfile ?? "");
  await writeFile(join(data, "standby.signal"), "");
  for (const name of ["backup_label", "standby.signal"]) execFileSync("chown", ["--reference", data, join(data, name)]);
  const standby = await startEmbedded({
    directory: join(folder, "b"),
    settings: {
      ...settings,
      primary_conninfo: `host=${primary.connection.host} port=5432 user=longhaul`,
      synchronous_standby_names: "",
    },
  });
  await ask(primary, "alter system set synchronous_standby_names = '*'");
  await ask(primary, "select pg_reload_conf()");
  await expect
    .poll(() => ask(primary, "select sync_state from pg_stat_replication"), { timeout: 20_000 })
    .toEqual([{ sync_state: "sync" }]);
  return { primary, standby };
}

/** One address in front of whichever server is the primary. */
async function startAddress(folder: string): Promise<{ lead(server: EmbeddedDatabase): void }> {
  let target: string | undefined;
  const open = new Set<Socket>();
  const address = createServer((socket) => {
    if (target === undefined) return void socket.destroy();
    const upstream = createConnection(target);
    for (const end of [socket, upstream]) {
      open.add(end);
      end.on("error", () => undefined);
      end.on("close", () => {
        open.delete(end);
        socket.destroy();
        upstream.destroy();
      });
    }
    socket.pipe(upstream).pipe(socket);
  });
  address.listen(join(folder, socketName));
  await once(address, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    address.close();
  });
  return {
    lead(server) {
      target = join(server.connection.host, socketName);
      for (const socket of open) socket.destroy();
    },
  };
}

it.each(Array.from({ length: rounds }, (_, round) => round + 1))(
  "PostgreSQL fails over to its standby under load: nothing is lost and nothing runs twice (%i)",
  async (round) => {
    const guarded = await createGuardedDirectory();
    onTestFinished(() => guarded.remove());
    const { primary, standby } = await startPair(guarded.path);
    const place = join(guarded.path, "address");
    await mkdir(place);
    const address = await startAddress(place);
    address.lead(primary);
    const orchestrator = await createTestOrchestrator({
      DATABASE_URL: `postgres://longhaul@localhost:5432/longhaul?sslmode=disable&host=${encodeURIComponent(place)}`,
    });
    onTestFinished(() => orchestrator.remove());
    const workspace = await mkdtemp("/tmp/longhaul-work-");
    await chmod(workspace, 0o755);
    onTestFinished(() => rm(workspace, { recursive: true, force: true }));
    const { client, process: node } = await orchestrator.start();
    const tasks = Array.from({ length: 24 }, (_, index) => ({
      id: `t${index}`,
      title: `Task ${index}`,
      command: `echo "start t${index}" >> journal; sleep 0.3; echo "end t${index}" >> journal`,
      dependencies: index < 4 ? [] : [`t${index - 4}`],
    }));
    const { executionId } = await client.handoff({ plan: { title: "failover", tasks }, options: { workspace } });
    const acknowledged: string[] = [executionId];
    let handing = true;
    const more = (async () => {
      while (handing) {
        const plan = { title: "while it fails over", tasks: [{ id: "one", title: "One", kind: "human" }] };
        const answer = await client.handoff({ plan, options: { workspace } }).catch(() => undefined);
        if (answer !== undefined) acknowledged.push(answer.executionId);
        await delay(5);
      }
    })();
    await delay(500 + 170 * round);
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(5);
    process.kill(primary.pid, "SIGKILL");
    await ask(standby, "select pg_promote(true, 30)");
    address.lead(standby);
    await expect
      .poll(
        () =>
          client.health().then(
            ({ ready }) => ready,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true);
    await delay(300);
    handing = false;
    await more;
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed", progress: { current: tasks.length } });
    expect(node.exitCode).toBeNull();
    const journal = (await readFile(join(workspace, "journal"), "utf8")).trim().split("\n");
    expect(journal.toSorted()).toEqual(tasks.flatMap(({ id }) => [`end ${id}`, `start ${id}`]).toSorted());
    const database = openDatabase(standby.connection);
    onTestFinished(() => database.close());
    const rows = await database.query<{ id: string }>({ name: "all", text: "select id from executions", values: [] });
    const kept = new Set(rows.map(({ id }) => id));
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    expect(await brokenInvariants(database)).toEqual([]);
    expect(await ask(standby, "select pg_is_in_recovery() as waits")).toEqual([{ waits: false }]);
  },
  120_000,
);
