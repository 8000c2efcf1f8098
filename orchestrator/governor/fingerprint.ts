/** What makes two failures the same: their class, exit code and words, without paths, numbers, ids and times. Pure. */
import { createHash } from "node:crypto";
import { normaliseMessage } from "../../learning/normalise.ts";
import type { Outcome } from "../executors/executor.ts";

/** Failures that say nothing about the task, so that any number of them is no reason to stop. */
const notItsOwn: ReadonlySet<string> = new Set(["rate_limit", "usage_limit", "never_started", "ambiguous", "limit"]);
const comparedLines = 5;

/** Undefined where the outcome is no failure of the task itself. */
export function fingerprintOf(outcome: Outcome): string | undefined {
  const failureClass = outcome.failureClass ?? "ambiguous";
  if (outcome.status !== "failed" || notItsOwn.has(failureClass)) return undefined;
  const lines = (outcome.summary ?? "").trimEnd().split("\n").slice(-comparedLines).map(normaliseMessage);
  const text = [failureClass, String(outcome.exitCode ?? ""), normaliseMessage(outcome.message), ...lines].join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
