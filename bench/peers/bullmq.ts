/**
 * BullMQ on a Redis that syncs every write. Its flows are trees and a task of a plan may have several dependents, so dependencies are built
 * beside it: a set of open dependencies per task, from which a finished job strikes itself out before it adds the tasks left with none.
 */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Engine, Environment, Session } from "../engine.ts";
import { dependents, type Graph } from "../graph.ts";
import type { Journal } from "../journal.ts";
import { startRedis } from "../servers/redis.ts";
import { settled } from "../settled.ts";
import { hasDependencies } from "./dependency-table.ts";

const name = "tasks";
const concurrency = 100;

async function open({ directory }: Environment): Promise<Session> {
  const server = await startRedis(directory);
  const connection = new Redis(server.socket, { maxRetriesPerRequest: null });
  const workerConnection = connection.duplicate();
  const queue = new Queue(name, { connection });
  let runs = 0;
  let current: { journal: Journal; dependents: number[][] } | undefined;
  const job = (task: number) => ({ name: "task", data: { task }, opts: { jobId: `${runs}-${task}` } });
  const openKey = (task: number) => `open:${runs}:${task}`;

  const worker = new Worker<{ task: number }>(
    name,
    async ({ data: { task } }) => {
      if (current === undefined) return;
      current.journal.execute(task);
      const waiting = current.dependents[task] ?? [];
      if (waiting.length === 0) return;
      const strike = connection.multi();
      for (const dependent of waiting) strike.srem(openKey(dependent), task).scard(openKey(dependent));
      const answers = (await strike.exec()) ?? [];
      const free = waiting.filter((_, index) => answers[2 * index + 1]?.[1] === 0);
      if (free.length > 0) await queue.addBulk(free.map(job));
    },
    { connection: workerConnection, concurrency },
  );
  await worker.waitUntilReady();

  async function storeDependencies(graph: Graph): Promise<void> {
    const store = connection.multi();
    graph.dependencies.forEach((needed, task) => {
      if (needed.length > 0) store.sadd(openKey(task), ...needed);
    });
    await store.exec();
  }

  return {
    async run(graph, journal) {
      runs += 1;
      current = { journal, dependents: dependents(graph) };
      if (hasDependencies(graph)) await storeDependencies(graph);
      const roots = [...graph.dependencies.keys()].filter((task) => graph.dependencies[task]?.length === 0);
      await queue.addBulk(roots.map(job));
      await journal.complete;
      await settled(async () => (await queue.getJobCountByTypes("active", "waiting")) === 0);
    },
    async close() {
      await worker.close();
      await queue.close();
      connection.disconnect();
      workerConnection.disconnect();
      await server.stop();
    },
  };
}

export const engine: Engine = {
  name: "BullMQ, Redis always",
  standing: "yardstick",
  setup: `concurrency ${concurrency}, appendfsync always, addBulk; dependencies in Redis sets of ours, the job adds its free dependents`,
  open,
};
