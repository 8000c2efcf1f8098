import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { program } from "../mcp/server-process.ts";
import { createFaultBench, layeredTasks } from "../support/fault-bench.ts";
import { untilEnded } from "../support/orchestrator.ts";
import { faultRounds } from "../support/seed.ts";

const rounds = faultRounds(1, 20);
const leaseSeconds = 2;
const bench = createFaultBench({
  LONGHAUL_SHARED_PATHS: "/tmp",
  LONGHAUL_LEASE_SECONDS: String(leaseSeconds),
  LONGHAUL_SHELL_CONCURRENCY: "2",
});
const ip = (...words: string[]) => execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
const canMakeNetworks = (() => {
  try {
    ip("netns", "add", `longhaul-probe-${process.pid}`);
    ip("netns", "del", `longhaul-probe-${process.pid}`);
    return true;
  } catch {
    return false; // only root may
  }
})();

/** A network namespace with one cable to this machine, at whose end a port leads to the database's socket. */
async function createCable(): Promise<{ namespace: string; databaseUrl: string; cut(): void; mend(): void }> {
  const number = process.pid % 250;
  const [namespace, outside, inside] = [`longhaul-${process.pid}`, `lh${process.pid}o`, `lh${process.pid}i`];
  const address = `10.213.${number}.1`;
  ip("netns", "add", namespace);
  onTestFinished(() => void ip("netns", "del", namespace));
  ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", namespace);
  ip("addr", "add", `${address}/24`, "dev", outside);
  ip("link", "set", outside, "up");
  ip("-n", namespace, "addr", "add", `10.213.${number}.2/24`, "dev", inside);
  for (const device of [inside, "lo"]) ip("-n", namespace, "link", "set", device, "up");
  const url = new URL(bench.databaseUrl);
  const socket = `${url.searchParams.get("host")}/.s.PGSQL.5432`;
  const door = createServer((client) => {
    const server = createConnection(socket);
    for (const end of [client, server]) end.on("error", () => undefined);
    client.pipe(server).pipe(client);
  });
  door.listen(0, address);
  await once(door, "listening");
  onTestFinished(() => void door.close());
  const { port } = door.address() as { port: number };
  return {
    namespace,
    databaseUrl: `postgres://${url.username}@${address}:${port}${url.pathname}?sslmode=disable`,
    cut: () => ip("link", "set", outside, "down"),
    mend: () => ip("link", "set", outside, "up"),
  };
}

it.runIf(canMakeNetworks)(
  `a node that is cut off from the database ${rounds} times is replaced, comes back and is refused what is late`,
  async () => {
    const cable = await createCable();
    const { client } = await bench.orchestrator.start();
    const home = await mkdtemp("/tmp/longhaul-home-");
    await chmod(home, 0o711);
    const node = spawn("ip", ["netns", "exec", cable.namespace, process.execPath, program, "up", "--foreground"], {
      env: {
        PATH: process.env["PATH"],
        HOME: home,
        LONGHAUL_HOME: home,
        LONGHAUL_PORT: "0",
        DATABASE_URL: cable.databaseUrl,
        LONGHAUL_SHARED_PATHS: "/tmp",
        LONGHAUL_LEASE_SECONDS: String(leaseSeconds),
        LONGHAUL_SHELL_CONCURRENCY: "2",
      },
      stdio: "ignore",
    });
    onTestFinished(async () => {
      const ended = once(node, "exit");
      if (node.exitCode === null) node.kill("SIGTERM");
      await ended;
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    });
    const idOf = async () => (await readFile(join(home, "node-id"), "utf8").catch(() => "")).trim();
    await expect.poll(idOf, { timeout: 20_000 }).not.toBe("");
    const far = await idOf();
    const runningFar = () =>
      bench.database.query({ name: "far", text: "select from execution_tasks where node_id = $1", values: [far] });
    const tasks = layeredTasks(3 + rounds * 3, 4, 0.8);
    const { executionId } = await client.handoff({ plan: { title: "cut off", tasks }, options: { workspace: bench.workspace } });
    for (let round = 0; round < rounds; round += 1) {
      await expect.poll(runningFar, { timeout: 60_000, interval: 50 }).not.toEqual([]);
      cable.cut();
      await expect.poll(runningFar, { timeout: 60_000 }).toEqual([]); // the lease is over and somebody else has its tasks
      await delay(500);
      cable.mend();
    }
    expect(await untilEnded(client, executionId)).toMatchObject({ status: "completed", progress: { current: tasks.length } });
    await bench.expectSound(executionId, tasks);
    const [row] = await bench.database.query<{ n: number }>({
      name: "taken away",
      text: "select count(*)::integer as n from attempts where execution_id = $1 and node_id = $2 and failure_class = 'ambiguous'",
      values: [executionId, far],
    });
    expect(row?.n).toBeGreaterThanOrEqual(rounds);
    console.log(`${row?.n} attempts were taken from the node that was cut off ${rounds} times`);
  },
  1_200_000,
);
