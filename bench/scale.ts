/**
 * How far one PostgreSQL goes: 1, 2 and 4 node processes on it, with one execution of 10,000 tasks in 100 layers, and with 1,000 executions of
 * ten tasks each at once. Tasks do nothing, so everything that is measured is the engine. Every task must end once.
 *
 * `node bench/scale.ts [--quick]`
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openDatabase } from "../orchestrator/store/db.ts";
import { createEngine } from "../orchestrator/store/engine.ts";
import { migrate } from "../orchestrator/store/migrate.ts";
import { chain, type Graph, layered } from "./graph.ts";
import { submissionOf } from "./longhaul.ts";
import { machineLine } from "./machine.ts";
import { startPostgres } from "./servers/postgres.ts";

const quick = process.argv.includes("--quick");
const share = quick ? 10 : 1;
const workloads: { name: string; graphs: Graph[] }[] = [
  { name: "1 execution of 10,000 tasks in 100 layers", graphs: [layered(100 / share)] },
  { name: "1,000 executions of 10 tasks at once", graphs: Array.from({ length: 1000 / share }, () => chain(10)) },
];
const program = fileURLToPath(new URL("./scale-node.ts", import.meta.url));

type Connection = { host: string; user: string; database: string };

async function measure(
  connection: Connection,
  nodes: number,
  graphs: Graph[],
): Promise<{ submitMs: number; runMs: number; tasks: number }> {
  await migrate(connection);
  const database = openDatabase(connection);
  const children: ChildProcess[] = [];
  try {
    const engine = createEngine(database, "submitter", 30);
    const submitted = performance.now();
    for (const graph of graphs) await engine.submit(submissionOf(graph));
    const submitMs = performance.now() - submitted;
    for (let number = 1; number <= nodes; number += 1)
      children.push(fork(program, [`node-${number}`, JSON.stringify(connection)]));
    await Promise.all(children.map((child) => once(child, "message")));
    const began = performance.now();
    for (const child of children) child.send("start");
    for (;;) {
      const [row] = await database.query<{ left: number }>({
        name: "left",
        text: "select count(*)::integer as left from executions where finished_at is null",
        values: [],
      });
      if (row?.left === 0) break;
      await delay(20);
    }
    const runMs = performance.now() - began;
    const tasks = graphs.reduce((sum, graph) => sum + graph.dependencies.length, 0);
    const [ended] = await database.query<{ n: number; distinct: number }>({
      name: "ended",
      text: `select count(*)::integer as n, count(distinct (execution_id, task_id))::integer as distinct
             from execution_events where type = 'task.completed'`,
      values: [],
    });
    if (ended?.n !== tasks || ended.distinct !== tasks) throw new Error(`${tasks} tasks, ${JSON.stringify(ended)} completions`);
    return { submitMs, runMs, tasks };
  } finally {
    for (const child of children) child.disconnect();
    await Promise.all(children.filter((child) => child.exitCode === null).map((child) => once(child, "exit")));
    await database.close();
  }
}

const directory = await mkdtemp(join(tmpdir(), "longhaul-scale-"));
await chmod(directory, 0o711); // under root the database server is another user
const postgres = await startPostgres(join(directory, "postgres"));
try {
  console.log(`${machineLine(postgres.version)}\n\n| workload | nodes | handoff | run | tasks/s |\n|---|---|---|---|---|`);
  for (const { name, graphs } of workloads) {
    for (const nodes of [1, 2, 4]) {
      const { submitMs, runMs, tasks } = await postgres.withDatabase((connection) =>
        measure(connection as Connection, nodes, graphs),
      );
      const perSecond = Math.round(tasks / (runMs / 1000));
      console.log(`| ${name} | ${nodes} | ${Math.round(submitMs)} ms | ${(runMs / 1000).toFixed(1)} s | ${perSecond} |`);
    }
  }
} finally {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
}
