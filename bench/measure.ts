/** Takes one engine through all workloads, verifying each, and returns its figures. */
import { setTimeout as delay } from "node:timers/promises";
import type { Session, Sizes } from "./engine.ts";
import { chain, fan, type Graph, independent, layered, layerWidth, single } from "./graph.ts";
import { Journal, nowMs } from "./journal.ts";
import { cpuMs, peakMemoryMb } from "./process-usage.ts";
import { percentile } from "./statistics.ts";

/** One engine's figures of one round. */
export type Figures = {
  dagPerSecond: number;
  independentPerSecond: number;
  fanMs: number;
  hopP50Ms: number;
  hopP99Ms: number;
  idleP50Ms: number;
  idleP99Ms: number;
  memoryMb: number;
  /** Processor time of the engine's processes per task of the layered graph; the database server is not included. */
  cpuMsPerTask: number;
};

export async function measure(session: Session, sizes: Sizes): Promise<Figures> {
  const processes = session.processes ?? [process.pid];
  await run(session, layered(3)); // loads code and opens connections

  const idle: number[] = [];
  for (let sample = 0; sample < sizes.idleSamples; sample += 1) {
    await delay(20 + Math.random() * 20);
    const { journal, submittedMs } = await run(session, single());
    idle.push(journal.startedAtMs(0) - submittedMs);
  }
  const { journal } = await run(session, chain(sizes.chain));
  const hops = Array.from({ length: sizes.chain - 1 }, (_, hop) => journal.startedAtMs(hop + 1) - journal.startedAtMs(hop));
  const fanned = await run(session, fan(sizes.fan));
  const scattered = await run(session, independent(sizes.independent));
  const cpuBeforeMs = cpuMs(processes);
  const ordered = await run(session, layered(sizes.dagLayers));
  const cpuUsedMs = cpuMs(processes) - cpuBeforeMs;
  const tasks = sizes.dagLayers * layerWidth;

  return {
    dagPerSecond: (tasks / ordered.tookMs) * 1000,
    independentPerSecond: (sizes.independent / scattered.tookMs) * 1000,
    fanMs: fanned.tookMs,
    hopP50Ms: percentile(hops, 0.5),
    hopP99Ms: percentile(hops, 0.99),
    idleP50Ms: percentile(idle, 0.5),
    idleP99Ms: percentile(idle, 0.99),
    memoryMb: peakMemoryMb(processes),
    cpuMsPerTask: cpuUsedMs / tasks,
  };
}

async function run(session: Session, graph: Graph) {
  const journal = new Journal(graph);
  const submittedMs = nowMs();
  await session.run(graph, journal);
  const tookMs = nowMs() - submittedMs;
  journal.verify();
  return { journal, submittedMs, tookMs };
}
