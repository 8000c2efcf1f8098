/** Artifacts: files that attempts left, on the disk of the node that ran them and, where one is configured, in a bucket. */
import type { Database } from "./db.ts";

export type ArtifactRow = {
  id: string;
  execution_id: string;
  task_id: string | null;
  attempt: number | null;
  ordinal: number | null;
  name: string;
  media_type: string;
  bytes: string;
  /** `sha256:` and hex. */
  digest: string;
  location: string;
  object_key: string | null;
  created_at: Date;
};

const columns = `a.id, a.execution_id, t.task_id, a.attempt, a.ordinal, a.name, a.media_type, a.bytes, a.digest, a.location, a.object_key, a.created_at
  from artifacts a left join execution_tasks t on t.execution_id = a.execution_id and t.ordinal = a.ordinal`;

export function createArtifactStore(database: Database) {
  return {
    list: (executionId: string, taskId: string | undefined, limit: number) =>
      database.query<ArtifactRow>({
        name: "artifacts",
        text: `select ${columns} where a.execution_id = $1 and ($2::text is null or t.task_id = $2) order by a.created_at, a.name limit $3`,
        values: [executionId, taskId ?? null, limit],
      }),
    async find(id: string): Promise<ArtifactRow | undefined> {
      const [row] = await database.query<ArtifactRow>({
        name: "artifact",
        text: `select ${columns} where a.id = $1`,
        values: [id],
      });
      return row;
    },
    /** Those whose files lie in this folder and are in no bucket, oldest first. */
    pending: (folder: string, limit: number) =>
      database.query<ArtifactRow>({
        name: "pending_artifacts",
        text: `select ${columns} where a.object_key is null and not a.lost and starts_with(a.location, $1) order by a.created_at limit $2`,
        values: [`${folder}/`, limit],
      }),
    /** The file with this digest is in the bucket; a newer one of the same name is not. */
    async uploaded(id: string, digest: string, key: string): Promise<void> {
      await database.query({
        name: "artifact_uploaded",
        text: "update artifacts set object_key = $3 where id = $1 and digest = $2",
        values: [id, digest, key],
      });
    },
    /** Its file is gone or is another one: there is nothing to bring. */
    async lost(id: string, digest: string): Promise<void> {
      await database.query({
        name: "artifact_lost",
        text: "update artifacts set lost = true where id = $1 and digest = $2",
        values: [id, digest],
      });
    },
  };
}

export type ArtifactStore = ReturnType<typeof createArtifactStore>;
