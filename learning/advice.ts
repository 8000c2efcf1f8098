/**
 * The step that tells an agent what similar tasks were like before it starts, and withholds that from a random share of tasks, so that
 * `lift` can say whether it helps. Which share a task belongs to depends on its id alone: a second attempt stays in its group.
 */
import { createHash } from "node:crypto";
import type { AttemptStep } from "../orchestrator/attempt-step.ts";
import type { Assignment } from "../orchestrator/executors/executor.ts";
import type { PatternStore } from "../orchestrator/store/patterns.ts";
import type { Task } from "../plan/model.ts";
import { median } from "./lift.ts";
import type { Recommendation } from "./rank.ts";
import type { Recommender } from "./recommend.ts";

export type AdviceOptions = {
  recommend: Recommender;
  store: Pick<PatternStore, "told">;
  /** Share of tasks that are told nothing, 0–1. */
  holdout: number;
  onError(error: unknown, doing: string): void;
};

/** Kinds that read what they are told. */
const readers = new Set(["claude", "content", "agent"]);
const toldOf = 3;
const estimatedFrom = 10;

export function advice({ recommend, store, holdout, onError }: AdviceOptions): AttemptStep {
  async function experienceOf({ task, executionId, taskId, workspace }: Assignment): Promise<string | undefined> {
    try {
      const found = await recommend({ text: advisedText(task), project: projectOf(workspace), limit: estimatedFrom });
      if (found.length === 0) return undefined;
      const best = found.slice(0, toldOf);
      const shown = await store.told({
        executionId,
        taskId,
        shown: shareOf(`${executionId}/${taskId}`) >= holdout,
        patterns: best.map(({ pattern }) => pattern.id),
        estimatedSeconds: estimateSeconds(found),
      });
      return shown ? describe(best) : undefined;
    } catch (error) {
      onError(error, "looking for similar tasks"); // no reason to keep the task waiting
      return undefined;
    }
  }
  return async (assignment, context, next) => {
    const experience = readers.has(assignment.task.kind) ? await experienceOf(assignment) : undefined;
    return next(experience === undefined ? assignment : { ...assignment, experience }, context);
  };
}

/** Characters of a description: the more is asked for, the less of it any single task can have in common. */
const longestHint = 100;

/** What a task is looked up by. */
export const advisedText = (task: Pick<Task, "title" | "description">): string =>
  `${task.title}\n${task.description.slice(0, longestHint)}`;

/** Median of what similar tasks took that went well. */
export function estimateSeconds(found: readonly Recommendation[]): number | null {
  return median(
    found.filter(({ pattern }) => pattern.outcome === "success").map(({ pattern }) => pattern.payload.duration_seconds),
  );
}

/** The name under which patterns of a workspace are kept. */
export const projectOf = (workspace: string): string => workspace.split("/").findLast((part) => part !== "") ?? "";

/** Evenly spread over 0–1. */
const shareOf = (key: string) => createHash("sha256").update(key).digest().readUInt32BE(0) / 2 ** 32;

/** What an agent reads; each entry is a few lines. */
function describe(found: readonly Recommendation[]): string {
  return found
    .map(({ pattern: { payload, outcome } }) => {
      const verdict = {
        success: "It worked",
        failure: "It FAILED: avoid repeating this",
        unverified: "Nobody checked whether it worked",
      };
      const lines = [
        `"${payload.task_title}". ${verdict[outcome]} (${Math.round(payload.duration_seconds)} s, ${payload.attempts} attempt(s)).`,
        payload.commands.length > 0 && `Commands: ${payload.commands.slice(0, 5).join(" ; ")}`,
        payload.errors.length > 0 && `Errors seen: ${payload.errors.slice(0, 3).join(" ; ")}`,
        ...payload.fixes.slice(0, 2).map(({ error, steps }) => `After "${error}" this helped: ${steps.join(" ; ")}`),
      ];
      return lines.filter((line) => typeof line === "string").join("\n");
    })
    .join("\n\n");
}
