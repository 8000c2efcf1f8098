/** The read use-cases of learning: what is similar, and whether it helps. */

import type { Recommendation as RecommendationAnswer } from "../orchestrator/api/learning-contract.ts";
import type { LearningQueries } from "../orchestrator/api/learning-routes.ts";
import type { ExecutionStore } from "../orchestrator/store/executions.ts";
import type { PatternStore } from "../orchestrator/store/patterns.ts";
import type { Task } from "../plan/model.ts";
import { advisedText, estimateSeconds, projectOf } from "./advice.ts";
import { lift } from "./lift.ts";
import type { Recommendation } from "./rank.ts";
import type { Recommender } from "./recommend.ts";

export type LearningQueryOptions = {
  recommend: Recommender;
  patterns: PatternStore;
  executions: Pick<ExecutionStore, "execution" | "tasks">;
  indexName: string;
  holdout: number;
};

/** Tasks of a plan that are looked up; the first ones say what kind of plan it is. */
const consideredTasks = 12;
const comparedFor = 10;
const shownOfAPlan = 3;
/** Of tasks that were told of others, the newest. */
const reportedTasks = 10_000;

export function createLearningQueries(
  options: LearningQueryOptions,
): LearningQueries & { similarTo(tasks: readonly Task[]): Promise<RecommendationAnswer[]> } {
  const { recommend, patterns, executions } = options;

  /** Similar tasks for the first of these tasks, the closest first. */
  async function forTasks(tasks: readonly Task[], project: string | undefined): Promise<Recommendation[]> {
    const asked = tasks.filter(({ kind }) => (kind as string) !== "noop").slice(0, consideredTasks);
    const found = await Promise.all(asked.map((task) => recommend({ text: advisedText(task), project, limit: comparedFor })));
    const byId = new Map<string, Recommendation>();
    for (const one of found.flat()) {
      const known = byId.get(one.pattern.id);
      if (known === undefined || known.score < one.score) byId.set(one.pattern.id, one);
    }
    return [...byId.values()].toSorted((a, b) => b.score - a.score);
  }

  /** Those of an execution's tasks, none of its own. */
  async function forExecution(executionId: string): Promise<Recommendation[]> {
    const [execution, tasks] = await Promise.all([executions.execution(executionId), executions.tasks(executionId)]);
    const specs = tasks.filter(({ status }) => status !== "skipped").map(({ spec }) => spec);
    const found = await forTasks(specs, projectOf(execution.workspace));
    return found.filter(({ pattern }) => pattern.payload.execution_id !== executionId);
  }

  return {
    similarTo: async (tasks) => (await forTasks(tasks, undefined)).slice(0, shownOfAPlan).map(answerOf),
    async recommendations({ q, executionId, project, limit }) {
      const found =
        executionId === undefined
          ? await recommend({ text: q ?? "", project, limit: Math.max(limit, comparedFor) })
          : await forExecution(executionId);
      return {
        recommendations: found.slice(0, limit).map(answerOf),
        estimatedSeconds: executionId === undefined ? estimateSeconds(found) : null,
      };
    },
    async report() {
      const [counts, told] = await Promise.all([patterns.counts(), patterns.toldTasks(reportedTasks)]);
      return { ...counts, index: options.indexName, holdout: options.holdout, lift: lift(told) };
    },
  };
}

function answerOf({ pattern, similarity, times, reasons }: Recommendation): RecommendationAnswer {
  const { payload } = pattern;
  return {
    similarity,
    title: payload.task_title,
    outcome: pattern.outcome,
    times,
    durationSeconds: payload.duration_seconds,
    attempts: payload.attempts,
    costUsd: payload.cost_usd,
    commands: payload.commands,
    errors: payload.errors,
    warnings: payload.warnings,
    fileOperations: payload.file_operations,
    apiCalls: payload.api_calls,
    fixes: payload.fixes,
    evidence: payload.evidence,
    project: pattern.project,
    executionId: payload.execution_id,
    taskId: payload.task_id,
    finishedAt: pattern.finishedAt.toISOString(),
    reasons,
  };
}
