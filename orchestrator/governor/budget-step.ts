/**
 * Around each task: what it spends is written down and compared with the budgets of the task, its plan and the day.
 *
 * A session reports after every answer what it has used. It is ended after the answer that used up a budget, so it overshoots by that answer at
 * most, also beside others that spend from the same budget: what they spent is asked again with every report. Then the task waits for a person,
 * who allows more or not; its session is kept. The budget of a day ends by itself at midnight (UTC).
 *
 * Failure story. The orchestrator is killed: what was reported stays written, and the adopted session reports from its beginning again, in all and
 * not in addition. The database is away: the session goes on with what was known last, and the next report is compared anew.
 */
import { performance } from "node:perf_hooks";
import type { AttemptStep } from "../attempt-step.ts";
import type { Assignment, Outcome } from "../executors/executor.ts";
import type { Amounts, BudgetState, BudgetStore } from "../store/budgets.ts";
import { exhaustedBudget, exhaustedText, leftOf, nextDayMs, withMore } from "./budget.ts";

export type BudgetStepOptions = {
  budgets: Pick<BudgetStore, "states" | "spend">;
  /** What all executions together may spend in a day. */
  day: Partial<Amounts>;
  onError(error: unknown, doing: string): void;
  now(): number;
  /** How often the time of a running task is compared, 5 s by default. */
  timeMs?: number;
};

const defaultTimeMs = 5_000;
const shortestMs = 250;

export function budgeted({ budgets, day, onError, now, timeMs = defaultTimeMs }: BudgetStepOptions): AttemptStep {
  return async (assignment, context, next) => {
    const { executionId, ordinal, attempt, task } = assignment;
    const own = {
      ...(task.limits?.usd === undefined ? {} : { usd: task.limits.usd }),
      ...(task.limits?.tokens === undefined ? {} : { tokens: task.limits.tokens }),
    };
    const costs = task.kind === "claude" || task.kind === "content";
    const concerning = (all: BudgetState[]) => (costs ? all : all.filter(({ metric }) => metric === "seconds"));
    let states = concerning(await budgets.states(executionId, ordinal, own, day));
    if (!costs && states.length === 0) return next(assignment, context); // no row either
    const before = exhaustedBudget(states);
    if (before !== undefined && !assignment.adopted) return stopped(before, assignment, now());

    const beganMs = performance.now();
    const stop = new AbortController();
    let used: Amounts = { usd: 0, tokens: 0, seconds: 0 };
    let written: Amounts = used;
    let run = { usd: 0, tokens: 0 };
    let writing: Promise<void> | undefined;
    let known = !assignment.adopted; // what an earlier orchestrator wrote of this attempt is in the states until it is written anew
    const check = () => {
      if (!known) return;
      const more = { usd: used.usd - written.usd, tokens: used.tokens - written.tokens, seconds: used.seconds - written.seconds };
      if (exhaustedBudget(withMore(states, more)) !== undefined) stop.abort("cancelled");
    };
    const write = async () => {
      const spent = { ...used };
      states = concerning(await budgets.spend({ executionId, ordinal, attempt }, spent, own, day));
      written = spent;
      known = true;
      check();
    };
    const report = () => {
      used = { ...used, seconds: (performance.now() - beganMs) / 1000 };
      check();
      writing ??= write()
        .catch((error: unknown) => onError(error, "write down what a task spent"))
        .finally(() => (writing = undefined));
    };
    const leftMs = leftOf(states, "seconds") * 1000;
    const timer =
      leftMs === Number.POSITIVE_INFINITY ? undefined : setInterval(report, Math.max(shortestMs, Math.min(timeMs, leftMs)));
    let outcome: Outcome;
    try {
      outcome = await next(withinBudget(assignment, states), {
        ...context,
        signal: AbortSignal.any([context.signal, stop.signal]),
        onUsage(soFar) {
          if (soFar.tokens === run.tokens) return;
          // A check that failed may have sent the task back into a new run, which counts from nothing.
          const base = soFar.tokens < run.tokens ? { usd: 0, tokens: 0 } : run;
          used = { ...used, usd: used.usd + soFar.usd - base.usd, tokens: used.tokens + soFar.tokens - base.tokens };
          run = soFar;
          report();
        },
      });
    } finally {
      clearInterval(timer);
    }
    await writing;
    if (outcome.status === "detached") return outcome;
    used = exactly(outcome, { ...used, seconds: (performance.now() - beganMs) / 1000 });
    await write();
    const exhausted = exhaustedBudget(states);
    const ended = stop.signal.aborted || outcome.failureClass === "limit" || outcome.failureClass === "timeout";
    if (exhausted === undefined || outcome.status === "succeeded" || context.signal.aborted || !ended) return outcome;
    const usage = {
      ...outcome.usage,
      ...(outcome.usage?.costUsd === undefined ? { costUsd: used.usd, inputTokens: used.tokens } : {}),
    };
    return { ...outcome, usage, ...stopped(exhausted, assignment, now()) };
  };
}

/**
 * Claude Code's own brake knows the true cost. A session that is resumed may count what its task spent before as well, so that is added: the
 * brake is then late rather than early.
 */
function withinBudget(assignment: Assignment, states: readonly BudgetState[]): Assignment {
  const left = leftOf(states, "usd");
  const { task } = assignment;
  if (task.kind !== "claude" || left === Number.POSITIVE_INFINITY) return withoutOwn(assignment);
  const before = states.find(({ scope, metric }) => scope === "task" && metric === "usd")?.spent ?? 0;
  return { ...assignment, task: { ...task, limits: { ...withoutOwn(assignment).task.limits, usd: left + before } } };
}

/** The task's own limits of money and tokens are budgets here: a person may have raised them. */
function withoutOwn(assignment: Assignment): Assignment {
  const { usd: _usd, tokens: _tokens, ...limits } = assignment.task.limits ?? {};
  return { ...assignment, task: { ...assignment.task, limits } };
}

function exactly({ usage }: Outcome, estimate: Amounts): Amounts {
  if (usage?.costUsd === undefined) return estimate;
  const { inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage;
  return { ...estimate, usd: usage.costUsd, tokens: inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens };
}

function stopped(state: BudgetState, assignment: Assignment, nowMs: number): Outcome {
  const message = exhaustedText(state, assignment.executionId, assignment.taskId);
  if (state.scope === "day") return { status: "failed", failureClass: "limit", message, retryAtMs: nextDayMs(nowMs) };
  return {
    status: "held",
    failureClass: "limit",
    message,
    hold: { name: `budget:${state.scope}`, waitFor: "human", onDone: "continue", detail: { ...state } },
  };
}
