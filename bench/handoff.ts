/**
 * What a user meets of the whole product: a real orchestrator process behind its HTTP API, on the run's database server. Measures how fast
 * it takes plans, how soon it tells a webhook of each, its memory, and what it adds to a shell task of ten seconds.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { createTestOrchestrator, untilEnded } from "../test/support/orchestrator.ts";
import type { Environment } from "./engine.ts";
import { productArguments } from "./engines.ts";
import { peakMemoryMb } from "./process-usage.ts";
import { median, percentile } from "./statistics.ts";

type Running = Awaited<ReturnType<Awaited<ReturnType<typeof createTestOrchestrator>>["start"]>>;

export type OrchestratorFigures = {
  handoffP50Ms: number;
  handoffP95Ms: number;
  /** From an event to its message at a webhook on this machine. */
  notificationP99Ms: number;
  /** Largest resident size of the orchestrator process, after all of this. */
  memoryMb: number;
  bareTaskMs: number;
  /** From the handoff to the end of the execution, so with parsing, dispatch and the supervisor. */
  taskMs: number;
};

export type OrchestratorOutcome = { status: "measured"; figures: OrchestratorFigures } | { status: "failed"; message: string };

const handoffs = 200;
const tasksOfPlan = 10;
const taskSeconds = 10;
const taskSamples = 5;
const staggerMs = 400;

/** Starts an orchestrator on the database and measures it; a failure leaves the engines' figures standing. */
export function measureOrchestrator(environment: Environment): Promise<OrchestratorOutcome> {
  return measured(environment).then(
    (figures) => ({ status: "measured", figures }),
    (error: unknown) => ({ status: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
}

/** @throws Error when a handoff is refused or a task does not succeed */
async function measured({ database, directory }: Environment): Promise<OrchestratorFigures> {
  const { host, user, database: name } = database;
  const orchestrator = await createTestOrchestrator({
    DATABASE_URL: `postgres://${user}@localhost/${name}?host=${encodeURIComponent(host)}`,
    LONGHAUL_LOG_LEVEL: "warn",
    WEBHOOK_ALLOW_PRIVATE: "true",
    MALLOC_ARENA_MAX: "2", // as client/start.ts starts it
    NODE_OPTIONS: productArguments.join(" "),
  });
  const leaveNothing = () => rmSync(orchestrator.home, { recursive: true, force: true });
  process.once("exit", leaveNothing);
  try {
    const running = await orchestrator.start();
    const end = () => running.process.kill("SIGKILL");
    process.once("exit", end);
    const { times, delays } = await takePlans(running, directory);
    const tasks = await runTasks(running, directory);
    const memoryMb = peakMemoryMb([running.process.pid ?? 0]);
    process.off("exit", end);
    return {
      handoffP50Ms: percentile(times, 0.5),
      handoffP95Ms: percentile(times, 0.95),
      notificationP99Ms: percentile(delays, 0.99),
      memoryMb,
      ...tasks,
    };
  } finally {
    await orchestrator.remove();
    process.off("exit", leaveNothing);
  }
}

/** One after the other; each plan waits for a person at its first task, so that nothing runs beside the next handoff. */
async function takePlans({ client }: Running, workspace: string): Promise<{ times: number[]; delays: number[] }> {
  const listener = await startListener();
  const tasks = Array.from({ length: tasksOfPlan }, (_, task) => ({
    id: `t${task}`,
    title: `Task ${task}`,
    ...(task === 0 ? { kind: "human" } : { command: "true", dependencies: [`t${task - 1}`] }),
  }));
  const times: number[] = [];
  for (let count = 0; count < handoffs; count += 1) {
    const startedMs = performance.now();
    const { created } = await client.handoff({
      plan: { title: `Plan ${count}`, tasks },
      options: { workspace, webhookUrl: listener.url },
    });
    times.push(performance.now() - startedMs);
    if (!created) throw new Error(`plan ${count} was not taken as a new one`);
  }
  while (listener.delays.length < handoffs) await delay(50);
  listener.close();
  return { times, delays: listener.delays };
}

/** Notes how old each message is when it arrives. */
async function startListener(): Promise<{ url: string; delays: number[]; close(): void }> {
  const delays: number[] = [];
  const server = createServer((request, response) => {
    const arrivedMs = Date.now();
    void text(request).then((body) => {
      const { type, at } = JSON.parse(body) as { type: string; at: string };
      if (type === "task.awaiting_human") delays.push(arrivedMs - Date.parse(at));
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, delays, close: () => void server.close() };
}

/** The same command bare and through the orchestrator at the same time, so that the machine's load is the same for both. */
async function runTasks({ client }: Running, workspace: string): Promise<Pick<OrchestratorFigures, "bareTaskMs" | "taskMs">> {
  const command = `sleep ${taskSeconds}`;
  const timed = async (task: () => Promise<void>) => {
    const startedMs = performance.now();
    await task();
    return performance.now() - startedMs;
  };
  const bare = () =>
    timed(async () => {
      await once(spawn("bash", ["-c", command], { cwd: workspace, stdio: "ignore" }), "exit");
    });
  const handedOff = () =>
    timed(async () => {
      const plan = { title: "Ten seconds", tasks: [{ id: "wait", title: "Wait", command }] };
      const { executionId } = await client.handoff({ plan, options: { workspace } });
      const { status } = await untilEnded(client, executionId);
      if (status !== "completed") throw new Error(`the shell task ended as ${status}`);
    });
  const samples = Array.from({ length: taskSamples }, async (_, sample) => {
    await delay(sample * staggerMs);
    return Promise.all([bare(), handedOff()]);
  });
  const taken = await Promise.all(samples);
  return { bareTaskMs: median(taken.map(([ms]) => ms)), taskMs: median(taken.map(([, ms]) => ms)) };
}
