/**
 * Remote agents: ten thousand that wait for work, how fast work reaches one of them, and how many events a second become durable. A real
 * orchestrator process on a real PostgreSQL with fsync; the agents are bare sockets in this process, so all three share the machine's cores.
 *
 * `node bench/agents/run.ts [--agents 10000] [--seconds 10] [--dispatch]`; the last leaves the intake of events out.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import pg from "pg";
import { createTestOrchestrator } from "../../test/support/orchestrator.ts";
import { machineLine } from "../machine.ts";
import { cpuMs, peakMemoryMb } from "../process-usage.ts";
import { startPostgres } from "../servers/postgres.ts";
import { percentile } from "../statistics.ts";
import { type FleetAgent, type Given, keepPolling, type Line, report } from "./fleet.ts";

const { values: flags } = parseArgs({
  options: {
    agents: { type: "string", default: "10000" },
    seconds: { type: "string", default: "10" },
    dispatch: { type: "boolean", default: false },
  },
});
const agentCount = Number(flags.agents);
const seconds = Number(flags.seconds);
const chainLength = 100;
const plansPerSecond = 10;
const eventsPerReport = 500;

/** What the documents that Longhaul grew out of ask for. */
const asked = { agents: 1_000, pollMinutes: 10, eventsPerSecond: 1_000, dispatchMs: 1_000 };
const aims = { agents: 10_000, eventsPerSecond: 10_000, dispatchP99Ms: 25 };

type Running = Awaited<ReturnType<Awaited<ReturnType<typeof createTestOrchestrator>>["start"]>>;

const directory = await mkdtemp(join(tmpdir(), "longhaul-agents-"));
await chmod(directory, 0o711); // under root the database server is another user
const postgres = await startPostgres(join(directory, "postgres"));
try {
  console.log(`${machineLine(postgres.version)}\n`);
  await postgres.withDatabase(async ({ host, user, database }) => {
    const orchestrator = await createTestOrchestrator({
      DATABASE_URL: `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}`,
      LONGHAUL_LOG_LEVEL: "error",
      LONGHAUL_AGENT_SILENT_SECONDS: "1800",
    });
    const client = new pg.Client({ host, user, database });
    try {
      const running = await orchestrator.start();
      await client.connect();
      await measure(running, client);
    } finally {
      await client.end();
      await orchestrator.remove();
    }
  });
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
process.exit(); // the agents would poll for ever

async function measure(running: Running, database: pg.Client): Promise<void> {
  const pid = running.process.pid ?? 0;
  const url = new URL(running.url);
  const fleet = await register(database, agentCount, "pool");
  const dispatch: number[] = [];
  let onWork = (_given: Given, _line: Line, _receivedMs: number): Promise<void> => Promise.resolve();
  const connected = performance.now();
  for (let at = 0; at < fleet.length; at += 200) {
    await Promise.all(fleet.slice(at, at + 200).map((agent) => keepPolling(url, agent, (...work) => onWork(...work))));
  }
  const connectSeconds = (performance.now() - connected) / 1000;
  await delay(2_000); // everybody is in

  const before = { cpu: cpuMs([pid]), statements: await statementsOf(database) };
  await delay(seconds * 1000);
  const waiting = {
    memoryMb: peakMemoryMb([pid]),
    cpuShare: (cpuMs([pid]) - before.cpu) / (seconds * 1000),
    transactions: ((await statementsOf(database)) - before.statements) / seconds,
  };

  // What waits becomes ready by a hand-off, or because what it depends on has ended: from that moment, as the database has it, to the answer
  // in the agent's hands. The commit of what made it ready counts.
  const received = new Map<string, number>();
  onWork = async (given, line, receivedMs) => {
    received.set(`${given.executionId} ${given.taskId}`, receivedMs);
    await report(line, given, '"result":{"status":"succeeded"}');
  };
  const handedOff: string[] = [];
  const planOf = (tasks: number) => ({
    title: "Agents",
    tasks: Array.from({ length: tasks }, (_, index) => ({
      id: `t${index}`,
      title: `Task ${index}`,
      kind: "agent",
      params: { capabilities: ["pool"] },
      ...(index === 0 ? {} : { dependencies: [`t${index - 1}`] }),
    })),
  });
  for (let plan = 0; plan < seconds * plansPerSecond; plan += 1) {
    handedOff.push((await running.client.handoff({ plan: planOf(1) })).executionId);
    await delay(1000 / plansPerSecond);
  }
  handedOff.push((await running.client.handoff({ plan: planOf(chainLength) })).executionId);
  for (;;) {
    const { rows } = await database.query<{ left: number }>(
      "select count(*)::integer as left from executions where id = any ($1) and status <> 'completed'",
      [handedOff],
    );
    if (rows[0]?.left === 0) break;
    await delay(100);
  }
  const { rows: ready } = await database.query<{ execution_id: string; task_id: string; ready_ms: number }>(
    `select t.execution_id, t.task_id, extract(epoch from coalesce(
       (select max(u.finished_at) from task_dependencies d join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
        where d.execution_id = t.execution_id and d.dependent = t.ordinal), e.created_at))::double precision * 1000 as ready_ms
     from execution_tasks t join executions e on e.id = t.execution_id where e.id = any ($1)`,
    [handedOff],
  );
  for (const { execution_id, task_id, ready_ms } of ready) {
    const receivedMs = received.get(`${execution_id} ${task_id}`);
    if (receivedMs === undefined) throw new Error(`task ${task_id} of ${execution_id} reached nobody`);
    dispatch.push(receivedMs - ready_ms);
  }
  const dispatchLoad = loadavg()[0] ?? 0;

  const intake = flags.dispatch
    ? []
    : [await measureIntake(running, database, eventsPerReport, 8), await measureIntake(running, database, 1, 100)];

  const ratio = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ×`;
  const line = (name: string, value: string, source: string, times: number, met: boolean | undefined) =>
    console.log(`| ${name} | ${value} | ${source} | ${ratio(times)} | ${met === undefined ? "–" : met ? "met" : "NOT MET"} |`);
  console.log("| what | measured | the source documents ask | ratio | our aim |\n|---|---|---|---|---|");
  line(
    "agents that wait",
    `${fleet.length} on long polls (all connected in ${connectSeconds.toFixed(1)} s)`,
    `${asked.agents}, polling every ${asked.pollMinutes} min`,
    fleet.length / asked.agents,
    fleet.length >= aims.agents,
  );
  const p99 = percentile(dispatch, 0.99);
  line(
    `dispatch among them (${dispatch.length} tasks, load ${dispatchLoad.toFixed(1)})`,
    `p50 ${percentile(dispatch, 0.5).toFixed(1)} ms, p95 ${percentile(dispatch, 0.95).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    `< ${asked.dispatchMs} ms`,
    asked.dispatchMs / p99,
    p99 < aims.dispatchP99Ms,
  );
  for (const { perReport, reporters, perSecond, load } of intake) {
    line(
      `durable events, ${perReport} in a report, ${reporters} agents (load ${load.toFixed(1)})`,
      `${Math.round(perSecond)} a second`,
      `${asked.eventsPerSecond} a second`,
      perSecond / asked.eventsPerSecond,
      perReport === 1 ? undefined : perSecond >= aims.eventsPerSecond,
    );
  }
  console.log(
    `\nWhile they wait: ${waiting.memoryMb.toFixed(0)} MB resident at most, ${(waiting.cpuShare * 100).toFixed(1)} % of a core, ` +
      `${waiting.transactions.toFixed(1)} transactions a second. Orchestrator at the end: ${peakMemoryMb([pid]).toFixed(0)} MB.`,
  );
}

/** Straight into the table: registering is not what is measured. */
async function register(database: pg.Client, count: number, capability: string): Promise<FleetAgent[]> {
  const agents = Array.from({ length: count }, () => ({
    id: randomUUID(),
    token: `lha_${randomBytes(32).toString("base64url")}`,
  }));
  await database.query(
    `insert into agents (id, name, capabilities, token_digest) select id, 'agent', array[$3], digest from unnest($1::uuid[], $2::text[]) as g(id, digest)`,
    [agents.map(({ id }) => id), agents.map(({ token }) => createHash("sha256").update(token).digest("hex")), capability],
  );
  return agents;
}

async function statementsOf(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ n: string }>(
    "select xact_commit as n from pg_stat_database where datname = current_database()",
  );
  return Number(rows[0]?.n);
}

/** Some agents report log lines as fast as they are taken; every event that was acknowledged must be in the log, once and without a gap. */
async function measureIntake(running: Running, database: pg.Client, perReport: number, reporters: number) {
  const capability = `reports-${perReport}`;
  const agents = await register(database, reporters, capability);
  const tasks = agents.map((_, index) => ({
    id: `t${index}`,
    title: "Report",
    kind: "agent",
    params: { capabilities: [capability] },
  }));
  const lines: { given: Given; line: Line }[] = [];
  const all = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  for (const agent of agents) {
    await keepPolling(new URL(running.url), agent, (given, line) => {
      lines.push({ given, line });
      if (lines.length === reporters) all.resolve();
      return ended.promise;
    });
  }
  // Executions of their own: the events of one are numbered one after the other.
  const executions = await Promise.all(tasks.map((task) => running.client.handoff({ plan: { title: "Intake", tasks: [task] } })));
  await all.promise;
  const events = JSON.stringify(
    Array.from({ length: perReport }, (_, index) => ({
      type: "log",
      text: `line ${index} of what the agent has to say about its work\n`,
    })),
  );
  let recorded = 0;
  const startedMs = performance.now();
  const untilMs = startedMs + seconds * 1000;
  await Promise.all(
    lines.map(async ({ given, line }) => {
      while (performance.now() < untilMs) {
        await report(line, given, `"events":${events}`);
        recorded += perReport;
      }
    }),
  );
  const perSecond = (recorded / (performance.now() - startedMs)) * 1000;
  const load = loadavg()[0] ?? 0;
  const { rows } = await database.query<{ n: number; gapless: boolean }>(
    `select sum(n)::integer as n, bool_and(gapless) as gapless from (
       select count(*) filter (where type = 'task.output') as n, max(seq) = count(*) as gapless
       from execution_events where execution_id = any ($1) group by execution_id) x`,
    [executions.map(({ executionId }) => executionId)],
  );
  if (rows[0]?.n !== recorded || !rows[0].gapless)
    throw new Error(`${recorded} events were acknowledged, found: ${JSON.stringify(rows[0])}`);
  for (const { executionId } of executions) await running.client.control(executionId, { action: "cancel" });
  for (const { line } of lines) line.close();
  return { perReport, reporters, perSecond, load };
}
