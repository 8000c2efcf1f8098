/**
 * Sends work that failed its checks back to whoever did it, inside the same attempt: a Claude session goes on with what the checks said, a
 * shell task runs its `params.fix` command. Each iteration has a directory of its own, which is what counts them: after a kill the loop
 * walks through the same directories, finds what has ended, attaches to what still runs, and goes on from there.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AttemptRun } from "../attempt-step.ts";
import type { Usage } from "../domain/task.ts";
import { readWhole, writeWhole } from "../executors/attempt-files.ts";
import type { Assignment, AttemptContext, Outcome } from "../executors/executor.ts";

/** SPEC §3: more than this many on one task ask a person. */
const mostIterations = 10;
const recordedFile = "recorded.json";

/** How often this task may be sent back; 0 where nobody could act on it. `params.fixIterations` lowers it. */
export function iterationsFor({ task }: Assignment): number {
  const { fix, fixIterations } = task.params;
  const canFix = task.kind === "claude" || (task.kind === "shell" && typeof fix === "string" && fix.trim() !== "");
  if (!canFix) return 0;
  return typeof fixIterations === "number" ? Math.max(0, Math.min(mostIterations, Math.floor(fixIterations))) : mostIterations;
}

export const iterationDirectory = (context: AttemptContext, iteration: number): string =>
  iteration === 0 ? context.directory : join(context.directory, `fix-${iteration}`);

/**
 * Runs one iteration, or goes on with the one that was under way.
 * @param last how the work ended so far; its session is resumed @param offset output bytes of the attempt in the event log
 */
export async function fixOnce(
  assignment: Assignment,
  context: AttemptContext,
  next: AttemptRun,
  step: { iteration: number; last: Outcome; findings: string; offset: number },
): Promise<Outcome> {
  const { task } = assignment;
  const directory = iterationDirectory(context, step.iteration);
  await mkdir(directory, { recursive: true });
  const again: Assignment = {
    ...assignment,
    adopted: false,
    findings: step.findings,
    task: task.kind === "shell" ? { ...task, params: { ...task.params, command: task.params["fix"] } } : task,
    ...(step.last.sessionId === undefined ? {} : { previousSessionId: step.last.sessionId }),
  };
  const outcome = await next(again, {
    signal: context.signal,
    directory,
    recordedOffset: readWhole<number>(directory, recordedFile) ?? 0,
    async record({ toOffset, events }) {
      await context.record({ fromOffset: step.offset, toOffset: step.offset, events });
      writeWhole(directory, recordedFile, toOffset);
    },
  });
  const usage = sumOf(step.last.usage, outcome.usage);
  return { ...outcome, ...(usage === undefined ? {} : { usage }) };
}

/** Usage of two runs of one attempt. */
export function sumOf(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (one === undefined || other === undefined) return other ?? one;
  const sum: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other))
    sum[name] = typeof value === "number" ? Number(sum[name] ?? 0) + value : value;
  return sum as Usage;
}
