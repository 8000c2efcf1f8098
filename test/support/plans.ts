/** Plans for tests of the engine, made without a plan file: tasks t0…tn of kind noop and the edges between them. */
import { v7 as uuidv7 } from "uuid";
import type { Engine, Submission } from "../../orchestrator/store/engine.ts";
import { Task } from "../../plan/model.ts";

export type TestTask = {
  kind?: string;
  priority?: number;
  readyStatus?: string;
  maxAttempts?: number;
  skipCause?: string;
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
      ordinal,
      task_id: `t${ordinal}`,
      leaf: true,
      kind: task.kind ?? "noop",
      priority: task.priority ?? 0,
      ready_status: task.readyStatus ?? "queued",
      max_attempts: task.maxAttempts ?? 3,
      skip_cause: task.skipCause ?? null,
      spec: {
        ...Task.parse({ id: `t${ordinal}`, displayId: `t${ordinal}`, title: `Task ${ordinal}`, params: task.params ?? {} }),
        kind: task.kind ?? "noop",
      },
    })),
    dependencies: edges.map(([dependency, dependent]) => ({ dependency, dependent })),
  };
}

/** Submits and returns the execution id. */
export async function submitTasks(engine: Pick<Engine, "submit">, ...plan: Parameters<typeof submissionOf>): Promise<string> {
  return (await engine.submit(submissionOf(...plan))).executionId;
}
