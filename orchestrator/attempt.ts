/** One attempt from its claim to its ending: run by the executor inside the steps that surround it, judged by the retry policy. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { automationVerdict } from "../plan/classify.ts";
import { doerOf } from "../plan/last-click.ts";
import { RetryPolicy } from "../plan/model.ts";
import { type AttemptStep, surround } from "./attempt-step.ts";
import { LonghaulError } from "./domain/errors.ts";
import { decideRetry } from "./domain/retry.ts";
import type { FailureClass } from "./domain/task.ts";
import type { Assignment, AttemptContext, Executor, Outcome, Released } from "./executors/executor.ts";
import type { createRecorder } from "./recorder.ts";
import type { ClaimedTask, Ending } from "./store/engine.ts";
import type { ExecutionContext } from "./store/executions.ts";

export type AttemptRunner = (
  claimed: ClaimedTask,
  how: { adopted: boolean; recordedOffset: number; signal: AbortSignal },
) => Promise<Ending | undefined>;

export type AttemptDependencies = {
  recorder: ReturnType<typeof createRecorder>;
  executors: { get(kind: string): Executor | undefined };
  /** What a task needs to know about its execution; cached by the caller. */
  executionContext(executionId: string): Promise<ExecutionContext>;
  /** Results of the tasks it depends on, the session of its previous attempt, and what it was held for and is no longer. */
  taskInputs(
    executionId: string,
    ordinal: number,
  ): Promise<{ inputs: { taskId: string; title: string; summary: string }[]; sessionId?: string; released: Released[] }>;
  /** What surrounds every executor but that of no-op tasks, outermost first. */
  steps: readonly AttemptStep[];
  /** Folder that holds the attempts' directories. */
  directory: string;
  isolation: string;
  now(): number;
  random(): number;
};

/** Where everything about an attempt lies on disk: output, supervisor files, logs of its verification. */
export function attemptDirectory(root: string, executionId: string, ordinal: number, attempt: number): string {
  return join(root, executionId, `task-${String(ordinal).padStart(4, "0")}`, `attempt-${attempt}`);
}

/**
 * Builds the function that the worker runs for every claimed task. It resolves to undefined when the attempt was let go of, not ended, and
 * rejects with `unavailable` when the database was away: the attempt is to be adopted again, which finds what its command did.
 */
export function createAttemptRunner(dependencies: AttemptDependencies): AttemptRunner {
  return async (claimed, how) => {
    const executor = dependencies.executors.get(claimed.task.kind);
    if (executor === undefined)
      return endingOf(claimed, failure("permanent", `no executor for kind '${claimed.task.kind}'`), dependencies, how.adopted);
    // Asked again here and not only when the plan was read: what may never be automated must not depend on how a task came into the queue.
    const verdict = executor.kind === "noop" ? undefined : automationVerdict(claimed.task);
    if (verdict !== undefined && verdict.level !== "FULL_AUTO" && doerOf(claimed.task) !== "prepares") {
      const why = `${verdict.reason ?? verdict.rule} It was not run.`;
      return endingOf(claimed, failure("permanent", why), dependencies, how.adopted);
    }
    let outcome: Outcome;
    let released: Released[] = [];
    try {
      if (executor.kind === "noop") {
        outcome = await executor.run(...bareAssignment(claimed, how, dependencies));
      } else {
        const [assignment, context] = await fullAssignment(claimed, how, dependencies);
        released = assignment.released;
        outcome = await surround(dependencies.steps, (given, around) => executor.run(given, around))(assignment, context);
      }
    } catch (error) {
      if (error instanceof LonghaulError && error.code === "conflict") return undefined; // superseded: somebody else's task now
      // The database was away around the run, not in it. The command is not to blame, and what it did is not to be done again.
      if (error instanceof LonghaulError && error.code === "unavailable") throw error;
      outcome = failure("transient", `the executor failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (outcome.status === "detached") return undefined;
    if (outcome.status === "cancelled" && how.signal.aborted) return undefined;
    return endingOf(claimed, outcome, dependencies, how.adopted, released);
  };
}

const failure = (failureClass: FailureClass, message: string): Outcome => ({ status: "failed", failureClass, message });

/** What an executor gets without asking the database or the disk: enough for tasks that run inside this process. */
function bareAssignment(
  claimed: ClaimedTask,
  how: Parameters<AttemptRunner>[1],
  dependencies: AttemptDependencies,
): [Assignment, AttemptContext] {
  const { executionId, ordinal, attempt, task } = claimed;
  const key = { executionId, ordinal, attempt };
  const nothing = { workspace: "", planTitle: "", conversationId: "", inputs: [], released: [] };
  return [
    { ...key, ...nothing, fence: attempt, taskId: task.id, task, adopted: how.adopted },
    {
      signal: how.signal,
      directory: "",
      recordedOffset: how.recordedOffset,
      record: (entry) => dependencies.recorder.record({ ...key, ...entry }),
    },
  ];
}

async function fullAssignment(
  claimed: ClaimedTask,
  how: Parameters<AttemptRunner>[1],
  dependencies: AttemptDependencies,
): Promise<[Assignment, AttemptContext]> {
  const { executionId, ordinal, attempt } = claimed;
  const [bare, context] = bareAssignment(claimed, how, dependencies);
  const [execution, { inputs, sessionId, released }] = await Promise.all([
    dependencies.executionContext(executionId),
    dependencies.taskInputs(executionId, ordinal),
  ]);
  const directory = attemptDirectory(dependencies.directory, executionId, ordinal, attempt);
  await mkdir(directory, { recursive: true });
  return [
    { ...bare, ...execution, inputs, released, ...(sessionId === undefined ? {} : { previousSessionId: sessionId }) },
    { ...context, directory },
  ];
}

function endingOf(
  claimed: ClaimedTask,
  outcome: Outcome,
  dependencies: AttemptDependencies,
  adopted: boolean,
  released: Released[] = [],
): Ending {
  const { executionId, ordinal, attempt, failures, task } = claimed;
  const { usage } = outcome;
  const tokens =
    (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0) + (usage?.cacheReadTokens ?? 0) + (usage?.cacheWriteTokens ?? 0);
  const directory = attemptDirectory(dependencies.directory, executionId, ordinal, attempt);
  const detail = {
    message: outcome.message,
    ...(usage?.costUsd === undefined ? {} : { costUsd: usage.costUsd }),
    ...(tokens === 0 ? {} : { tokens }),
    ...(outcome.fingerprint === undefined ? {} : { fingerprint: outcome.fingerprint }),
    result: {
      summary: outcome.summary ?? "",
      exitCode: outcome.exitCode ?? null,
      signal: outcome.signal ?? null,
      sessionId: outcome.sessionId ?? null,
      usage: usage ?? null,
      failureClass: outcome.failureClass ?? null,
      evidence: outcome.evidence ?? [],
      ...(outcome.review === undefined ? {} : { review: outcome.review }),
      ...(outcome.findings === undefined || outcome.findings.length === 0 ? {} : { findings: outcome.findings }),
      ...(released.length === 0 ? {} : { released }),
      logFile: ["noop", "agent"].includes(task.kind) ? null : join(directory, "output.log"),
      isolation: outcome.isolation?.level ?? dependencies.isolation,
    },
  };
  const key = { executionId, ordinal, attempt };
  if (outcome.status === "succeeded") return { ...key, outcome: "succeeded", detail };
  if (outcome.hold !== undefined) return { ...key, outcome: "hold", detail: { ...detail, hold: outcome.hold } };
  if (outcome.failureClass === "never_started" && adopted) return { ...key, outcome: "release", detail };
  const failureClass = outcome.failureClass ?? "ambiguous";
  const policy = RetryPolicy.parse(task.retry ?? {});
  const decision = decideRetry(failureClass, policy, failures, dependencies.now(), dependencies.random(), outcome.retryAtMs);
  return {
    ...key,
    outcome: decision.outcome,
    detail: { ...detail, failureClass, burns: decision.burns, delayMs: decision.delayMs },
  };
}
