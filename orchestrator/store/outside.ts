/** The pace of calls to hosts, the conditions that tasks wait for, and what tasks leave as files. Each call is one transaction and can be repeated. */
import { v7 as uuidv7 } from "uuid";
import { type CompactTask, expandTask } from "../../plan/compact.ts";
import type { Task } from "../../plan/model.ts";
import type { Database } from "./db.ts";
import type { AttemptKey } from "./engine.ts";

export type DueWait = {
  executionId: string;
  ordinal: number;
  attempt: number;
  /** Looks with this one. */
  looks: number;
  waitedSeconds: number;
  task: Task;
};
export type NewArtifact = { name: string; mediaType: string; bytes: number; digest: string; location: string };

export function createOutsideStore(database: Database) {
  return {
    /** @param intervalSeconds between calls on average; @param patienceSeconds how long the caller would wait for its place */
    async admit(host: string, intervalSeconds: number, burst: number, patienceSeconds: number) {
      const [row] = await database.query<{ admitted: boolean; wait_seconds: number }>({
        name: "admit_host",
        text: "select * from admit_host($1, $2, $3, $4)",
        values: [host, intervalSeconds, burst, patienceSeconds],
      });
      return { admitted: row?.admitted ?? true, waitMs: Math.ceil((row?.wait_seconds ?? 0) * 1000) };
    },
    /** The host asked to be left alone for so long. */
    async holdHost(host: string, seconds: number): Promise<void> {
      await database.query({ name: "hold_host", text: "select hold_host($1, $2)", values: [host, seconds] });
    },
    async beginWait(executionId: string, ordinal: number, seconds: number): Promise<void> {
      await database.query({
        name: "begin_wait",
        text: "select begin_wait($1, $2, $3)",
        values: [executionId, ordinal, seconds],
      });
    },
    async dueWaits(node: string, limit: number, leaseSeconds: number): Promise<DueWait[]> {
      const rows = await database.query<{
        execution_id: string;
        ordinal: number;
        attempt: number;
        looks: number;
        waited_seconds: number;
        spec: CompactTask;
      }>({ name: "due_waits", text: "select * from due_waits($1, $2, $3)", values: [node, limit, leaseSeconds] });
      return rows.map((row) => ({
        executionId: row.execution_id,
        ordinal: row.ordinal,
        attempt: row.attempt,
        looks: row.looks,
        waitedSeconds: row.waited_seconds,
        task: expandTask(row.spec),
      }));
    },
    /** At start: what the node's earlier process was looking at. */
    async retakeWaits(node: string): Promise<void> {
      await database.query({ name: "retake_waits", text: "select retake_waits($1)", values: [node] });
    },
    async nextWaitDue(node: string): Promise<number | undefined> {
      const [row] = await database.query<{ due: Date | null }>({
        name: "next_wait_due",
        text: "select next_wait_due($1) as due",
        values: [node],
      });
      return row?.due?.getTime();
    },
    /** @param found null looks again after so many seconds; returns false when the task does not wait any more */
    async endLook(
      wait: Pick<DueWait, "executionId" | "ordinal">,
      found: "met" | "expired" | null,
      message: string,
      seconds: number,
    ): Promise<boolean> {
      const [row] = await database.query<{ waits: boolean }>({
        name: "end_look",
        text: "select end_look($1, $2, $3, $4, $5) as waits",
        values: [wait.executionId, wait.ordinal, found, message, seconds],
      });
      return row?.waits === true;
    },
    async keepArtifacts(key: AttemptKey, files: readonly NewArtifact[]): Promise<void> {
      for (const file of files)
        await database.query({
          name: "keep_artifact",
          text: `insert into artifacts (id, execution_id, ordinal, attempt, name, media_type, bytes, digest, location, created_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, longhaul_now())
                 on conflict (execution_id, ordinal, attempt, name) do update
                   set media_type = excluded.media_type, bytes = excluded.bytes, digest = excluded.digest, location = excluded.location`,
          values: [
            uuidv7(),
            key.executionId,
            key.ordinal,
            key.attempt,
            file.name,
            file.mediaType,
            file.bytes,
            file.digest,
            file.location,
          ],
        });
    },
  };
}

export type OutsideStore = ReturnType<typeof createOutsideStore>;
