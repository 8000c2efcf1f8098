/** Answers of the model that reads plans, by a digest of the question. */
import type { Database } from "./db.ts";

export function createOpinionStore(database: Database) {
  return {
    async get(digest: string): Promise<unknown> {
      const rows = await database.query<{ answer: unknown }>({
        name: "opinion",
        text: "select answer from plan_opinions where digest = $1",
        values: [digest],
      });
      return rows[0]?.answer;
    },
    async put(digest: string, answer: unknown): Promise<void> {
      await database.query({
        name: "keep_opinion",
        text: "insert into plan_opinions (digest, answer) values ($1, $2::jsonb) on conflict do nothing",
        values: [digest, JSON.stringify(answer)],
      });
    },
  };
}
