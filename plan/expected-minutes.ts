import type { Task, TaskKind } from "./model.ts";

export type MinutesRange = { min: number; likely: number; max: number; source: "written" | "default" };

/** What a task of a kind takes when the plan says nothing; history replaces these in a forecast. */
const usualMinutes: Record<TaskKind, [min: number, likely: number, max: number]> = {
  claude: [2, 8, 30],
  shell: [0.1, 1, 10],
  http: [0.05, 0.2, 2],
  content: [1, 3, 10],
  email: [0.1, 0.5, 2],
  data: [0.5, 2, 10],
  browser: [0.5, 3, 15],
  git: [0.1, 0.5, 3],
  deploy: [2, 8, 30],
  human: [5, 30, 480],
  agent: [2, 10, 60],
  wait: [1, 60, 2880],
};

/** Minutes a task is expected to take. A written estimate wins; where it lacks an end, the range is widened by half and double. */
export function expectedMinutes(task: Task): MinutesRange {
  const [min, likely, max] = usualMinutes[task.kind];
  const written = task.estimate;
  const middle =
    written?.likely ??
    (written?.min !== undefined && written.max !== undefined ? (written.min + written.max) / 2 : (written?.max ?? written?.min));
  if (!written || written.unit === "unknown" || middle === undefined) return { min, likely, max, source: "default" };
  return { min: written.min ?? middle / 2, likely: middle, max: written.max ?? middle * 2, source: "written" };
}
