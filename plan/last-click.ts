/**
 * Who does a task (SPEC §2.3). `runs`: an executor does. `prepares`: an executor does all but the last step, which a person approves or does.
 * `person`: nobody but a person. Asked when a plan is handed off and again before every attempt. Pure.
 */
import { automationVerdict } from "./classify.ts";
import type { Task, TaskKind } from "./model.ts";
import { lacksParams } from "./task-params.ts";

export type Doer = "runs" | "prepares" | "person";

/** These leave the last step to a person by themselves: a text to be used, a message to be approved. */
const preparing: ReadonlySet<TaskKind> = new Set(["content", "email"]);
/** These are held for an approval before they start. */
const startedByPerson: ReadonlySet<TaskKind> = new Set(["http", "git", "deploy", "browser"]);

export function doerOf(task: Task): Doer {
  if (task.kind === "human" || task.automation === "HUMAN_ONLY" || lacksParams(task)) return "person";
  const { level, rule } = automationVerdict(task);
  if (level === "REFUSED" || level === "HUMAN_ONLY") return "person";
  if (level === "FULL_AUTO" && task.automation === "FULL_AUTO") return "runs";
  if (task.kind === "content") return "prepares";
  // What a rule keeps from being automated is not automated by an approval: but a message may go out when a person has seen it.
  if (level === "SEMI_AUTO") return task.kind === "email" && rule === "email-out" ? "prepares" : "person";
  return preparing.has(task.kind) || startedByPerson.has(task.kind) ? "prepares" : "person";
}

/** True where an approval comes before the start, because the executor leaves nothing for afterwards. */
export const isStartedByPerson = (task: Task): boolean => startedByPerson.has(task.kind) && doerOf(task) === "prepares";
