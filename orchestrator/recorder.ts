/**
 * Groups what running attempts have to record: entries that come while a write is under way go out together with the next one, so that a
 * thousand chatty tasks cost a few transactions per second and a single one waits for nothing.
 */
import { LonghaulError } from "./domain/errors.ts";
import type { Engine, OutputEntry } from "./store/engine.ts";

type Pending = { entry: OutputEntry; resolve: () => void; reject: (error: unknown) => void };

const retryDelayMs = 250;

/** @param onRecorded is told which executions have new events */
export function createRecorder(engine: Pick<Engine, "recordOutput">, onRecorded: (executionIds: string[]) => void) {
  let queue: Pending[] = [];
  let writing = false;

  async function write(): Promise<void> {
    if (writing) return;
    writing = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      try {
        const taken = await engine.recordOutput(batch.map((pending) => pending.entry));
        for (const [index, pending] of batch.entries()) {
          if (taken[index]) pending.resolve();
          else pending.reject(new LonghaulError("conflict", "this attempt was superseded, its output is no longer recorded"));
        }
        onRecorded([...new Set(batch.map((pending) => pending.entry.executionId))]);
      } catch (error) {
        if (error instanceof LonghaulError && error.retryable) {
          queue = [...batch, ...queue];
          await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
        } else for (const pending of batch) pending.reject(error);
      }
    }
    writing = false;
  }

  return {
    /** Resolves when committed. Waits while the database is away; rejects with `conflict` when the attempt was superseded. */
    record(entry: OutputEntry): Promise<void> {
      return new Promise((resolve, reject) => {
        queue.push({ entry, resolve, reject });
        void write();
      });
    },
  };
}
