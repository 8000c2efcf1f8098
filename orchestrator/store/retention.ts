/** What may be let go of because its execution ended long ago. Each call is one short transaction. */
import type { Database } from "./db.ts";

export function createRetentionStore(database: Database) {
  return {
    async prunableEvents(before: Date): Promise<{ executions: number; events: number }> {
      const [row] = await database.query<{ executions: string; events: string }>({
        name: "prunable_events",
        text: "select * from prunable_events($1)",
        values: [before],
      });
      return { executions: Number(row?.executions ?? 0), events: Number(row?.events ?? 0) };
    },
    /** Deletes at most so many events of one execution; undefined when none is left to do. */
    async pruneEvents(before: Date, limit: number): Promise<number | undefined> {
      const [row] = await database.query<{ count: number | null }>({
        name: "prune_events",
        text: "select prune_events($1, $2) as count",
        values: [before, limit],
      });
      return row?.count ?? undefined;
    },
    /** Which of these executions ended before then. */
    async ended(executionIds: string[], before: Date): Promise<string[]> {
      const rows = await database.query<{ id: string }>({
        name: "ended_executions",
        text: "select e.id from executions e where e.id = any ($1::uuid[]) and e.finished_at < $2",
        values: [executionIds, before],
      });
      return rows.map((row) => row.id);
    },
    /** The artifacts that lay in this folder, and nowhere else, are gone. */
    async forgetArtifacts(executionId: string, folder: string): Promise<void> {
      await database.query({
        name: "forget_artifacts",
        text: "delete from artifacts where execution_id = $1 and starts_with(location, $2) and object_key is null",
        values: [executionId, `${folder}/`],
      });
    },
    /** Tables of the months to come. */
    async ensurePartitions(): Promise<void> {
      await database.query({ name: "ensure_partitions", text: "select ensure_event_partitions(3)", values: [] });
    },
  };
}

export type RetentionStore = ReturnType<typeof createRetentionStore>;
