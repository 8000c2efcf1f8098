/** What the log says about the work of a build's step. */
import type { Database } from "./db.ts";

export function createBuildStore(database: Database) {
  return {
    /** Corrections of these tasks, and how many different files their sessions wrote. */
    async work(executionId: string, taskIds: string[]): Promise<{ iterations: number; files: number }> {
      const [row] = await database.query<{ iterations: number; files: number }>({
        name: "build_work",
        text: `select count(*) filter (where type = 'task.fixing')::integer as iterations,
                 count(distinct substring(data ->> 'input' from '"file_path": ?"([^"]+)"'))
                   filter (where type = 'agent.tool' and data ->> 'name' = 'Write')::integer as files
               from execution_events
               where execution_id = $1 and task_id = any ($2::text[]) and type in ('task.fixing', 'agent.tool')`,
        values: [executionId, taskIds],
      });
      return row ?? { iterations: 0, files: 0 };
    },
  };
}

export type BuildStore = ReturnType<typeof createBuildStore>;
