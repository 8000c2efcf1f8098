/** Plans for tests of the engine, made without a plan file: tasks t0…tn of kind noop and the edges between them. */
import { v7 as uuidv7 } from "uuid";
import type { Engine, NewTask, Submission } from "../../orchestrator/store/engine.ts";
import type { CompactTask } from "../../plan/compact.ts";

export type TestTask = {
  kind?: string;
  priority?: number;
  readyStatus?: NewTask["readyStatus"];
  maxAttempts?: number;
  skipCause?: NewTask["skipCause"];
  params?: Record<string, unknown>;
};

/** @param edges pairs [dependency, dependent] */
export function submissionOf(
  tasks: TestTask[],
  edges: [number, number][] = [],
  options: { priority?: number; maxRunning?: number; idempotencyKey?: string; digest?: string } = {},
): Omit<Submission, "execution"> & { execution: Record<string, unknown> & { id: string } } {
  const conversationId = "test";
  return {
    execution: { id: uuidv7(), priority: 0, options: {}, workspace: "/tmp", maxRunning: 1000, digest: "", ...options },
    plan: { id: uuidv7(), conversationId, source: "INLINE", title: "test plan", document: { phases: [] }, report: {} },
    tasks: tasks.map((task, ordinal) => ({
      taskId: `t${ordinal}`,
      leaf: true,
      parent: null,
      kind: task.kind ?? "noop",
      priority: task.priority ?? 0,
      readyStatus: task.readyStatus ?? "queued",
      maxAttempts: task.maxAttempts ?? 3,
      skipCause: task.skipCause ?? null,
      spec: {
        id: `t${ordinal}`,
        displayId: `t${ordinal}`,
        title: `Task ${ordinal}`,
        // noop is not a kind that plans can name
        kind: (task.kind ?? "noop") as CompactTask["kind"],
        params: task.params ?? {},
      },
    })),
    dependencies: edges.map(([dependency, dependent]) => ({ dependency, dependent })),
  };
}

/** Submits and returns the execution id. */
export async function submitTasks(engine: Pick<Engine, "submit">, ...plan: Parameters<typeof submissionOf>): Promise<string> {
  return (await engine.submit(submissionOf(...plan))).executionId;
}
