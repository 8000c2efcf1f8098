/** The retry policy: which failures are worth another attempt, when, and whether they use one up. */
import type { RetryPolicy } from "../../plan/model.ts";
import type { FailureClass } from "./task.ts";

export type RetryDecision = { outcome: "failed" | "retry" | "release"; burns: boolean; delayMs: number };

/** Repeating these would fail in the same way: the command is wrong, or it needs more than it may have. */
const hopeless: ReadonlySet<FailureClass> = new Set(["permanent", "out_of_memory", "output_limit", "limit"]);

/** What could not be started is tried again after this long; a full disk, say, would otherwise be hammered. */
const restartMs = 1_000;

/** Waiting for a limit is not the task's fault, so it burns no attempt. */
const blameless: ReadonlySet<FailureClass> = new Set(["rate_limit", "usage_limit"]);

/**
 * Decides what follows a failed attempt; one that an earlier orchestrator had claimed and never started is simply released. Whether any attempt is left is checked by the database.
 * @param failures attempts already burnt; @param retryAtMs when a limit ends, if the failure said so
 * @param random 0–1; jitter spreads the delay over half to all of its length, so that tasks that failed together do not return together
 */
export function decideRetry(
  failureClass: FailureClass,
  policy: RetryPolicy,
  failures: number,
  nowMs: number,
  random: number,
  retryAtMs?: number,
): RetryDecision {
  if (failureClass === "never_started") return { outcome: "retry", burns: false, delayMs: restartMs };
  // A limit that ends by itself, like the budget of a day, is waited for.
  if (failureClass === "limit" && retryAtMs !== undefined) {
    return { outcome: "retry", burns: false, delayMs: Math.max(0, retryAtMs - nowMs) + Math.round(random * policy.maxBackoffMs) };
  }
  if (hopeless.has(failureClass)) return { outcome: "failed", burns: true, delayMs: 0 };
  const full = Math.min(policy.maxBackoffMs, policy.backoffMs * policy.backoffMultiplier ** failures);
  const backoffMs = Math.round(full * (0.5 + random / 2));
  const burns = !blameless.has(failureClass);
  if (retryAtMs !== undefined && retryAtMs > nowMs) {
    return { outcome: "retry", burns, delayMs: retryAtMs - nowMs + Math.round(random * policy.maxBackoffMs) };
  }
  return { outcome: "retry", burns, delayMs: burns ? backoffMs : Math.max(backoffMs, 5_000) };
}
