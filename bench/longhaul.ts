/**
 * Longhaul as the product runs it: engine, worker, attempts, events, fencing and outbox tables. The tasks do nothing, inside this process,
 * through the same contract as every executor.
 */
import { v7 as uuidv7 } from "uuid";
import { createAttemptRunner } from "../orchestrator/attempt.ts";
import { createRecorder } from "../orchestrator/recorder.ts";
import { openDatabase } from "../orchestrator/store/db.ts";
import { createEngine } from "../orchestrator/store/engine.ts";
import { migrate } from "../orchestrator/store/migrate.ts";
import { Worker } from "../orchestrator/worker.ts";
import type { CompactTask } from "../plan/compact.ts";
import type { Engine, Environment, Session } from "./engine.ts";
import type { Graph } from "./graph.ts";
import type { Journal } from "./journal.ts";

const concurrency = 1000;

async function open({ database: connection }: Environment): Promise<Session> {
  await migrate(connection);
  const database = openDatabase(connection);
  const engine = createEngine(database, "bench", 30);
  await engine.register("bench");
  let current: { journal: Journal; left: number; end: () => void } | undefined;
  const fail = (error: unknown, doing: string) => {
    throw new Error(`could not ${doing}`, { cause: error });
  };
  const runAttempt = createAttemptRunner({
    recorder: createRecorder(engine, () => undefined),
    executors: {
      get: () => ({
        kind: "noop",
        run(assignment) {
          current?.journal.execute(assignment.ordinal);
          return Promise.resolve({ status: "succeeded", message: "done" });
        },
      }),
    },
    executionContext: () => Promise.reject(new Error("a task in this process needs no context")),
    taskInputs: () => Promise.reject(new Error("a task in this process needs no inputs")),
    steps: [],
    directory: "",
    isolation: "none",
    now: Date.now,
    random: Math.random,
  });
  const worker = new Worker({
    engine,
    runAttempt,
    kinds: ["noop"],
    concurrency,
    perKind: {},
    onClaimed: () => undefined,
    onError: fail,
    onEnded(reports) {
      if (current === undefined) return;
      current.left -= reports.filter(({ result }) => result.accepted).length;
      if (current.left === 0) current.end();
    },
  });
  worker.start();
  return {
    async run(graph, journal) {
      const ended = new Promise<void>((resolve) => {
        current = { journal, left: graph.dependencies.length, end: resolve };
      });
      await engine.submit(submissionOf(graph));
      worker.wake();
      await ended;
    },
    async close() {
      await worker.stop();
      await database.close();
    },
  };
}

/** A plan of tasks that do nothing. */
export function submissionOf(graph: Graph) {
  const title = graph.name;
  const ids = { execution: uuidv7(), plan: uuidv7() };
  return {
    execution: { id: ids.execution, priority: 0, options: {}, workspace: "/", maxRunning: concurrency, digest: "" },
    plan: { id: ids.plan, conversationId: "bench", source: "TASK_LIST", title, document: {}, report: {} },
    tasks: graph.dependencies.map((_, ordinal) => ({
      taskId: `t${ordinal}`,
      leaf: true,
      parent: null,
      kind: "noop",
      priority: 0,
      readyStatus: "queued" as const,
      maxAttempts: 3,
      skipCause: null,
      spec: { id: `t${ordinal}`, displayId: `t${ordinal}`, title: `Task ${ordinal}`, kind: "noop" as CompactTask["kind"] },
    })),
    dependencies: graph.dependencies.flatMap((needed, dependent) => needed.map((dependency) => ({ dependency, dependent }))),
  };
}

export const engine: Engine = {
  name: "longhaul",
  standing: "longhaul",
  setup: "full product path (events, attempts, fencing), 1000 tasks at once on one node",
  open,
};
