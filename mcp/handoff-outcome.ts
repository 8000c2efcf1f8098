/**
 * What `handoff` answers. Where the client follows the execution as a task, the same call is answered twice: at once, and with how the
 * execution ended. Both answers must be what the tool's output schema promises, which clients check.
 */
import { z } from "zod";
import type { ExecutionStatusResponse, HandoffResponse } from "../orchestrator/api/contract.ts";
import type { Recommendation } from "../orchestrator/api/learning-contract.ts";
import { ExecutionReport, executionReport } from "./execution-report.ts";
import { executionStatuses } from "./execution-words.ts";
import { similarText } from "./recommend-tool.ts";
import { fitResult } from "./result-size.ts";
import { oneLine } from "./task-text.ts";

const mostWarnings = 10;

export const HandoffOutcome = z.object({
  summary: z.string(),
  executionId: z.string(),
  title: z.string(),
  status: z.enum(executionStatuses),
  tasks: z.number().int(),
  estimatedMinutes: z.number().nullable().optional(),
  created: z.boolean().optional().describe("False when this very call was made before and its execution is returned"),
  statusUrl: z.string().optional(),
  warnings: z.array(z.string()).optional(),
  ...ExecutionReport.pick({ startedAt: true, finishedAt: true, costUsd: true, tokens: true, taskText: true }).partial().shape,
});
export type HandoffOutcome = z.infer<typeof HandoffOutcome>;

/** @param similar past executions that are like this one, best first */
export function startedOutcome(execution: HandoffResponse, similar: readonly Recommendation[] = []): HandoffOutcome {
  const { executionId, tasks, estimatedDuration, created, statusUrl, warnings, status } = execution;
  const title = oneLine(execution.title);
  const minutes = estimatedDuration === null ? "" : `, about ${Math.max(1, Math.round(estimatedDuration))} min`;
  const standing = status === "queued" || status === "running" ? "runs in the background" : `is in the background, ${status},`;
  const verb = created ? "Handed off" : "Already handed off";
  const taskText = similarText(similar);
  return fitResult(mostWarnings, (listed) => ({
    summary: `${verb}: ${title} (${tasks} ${tasks === 1 ? "task" : "tasks"}${minutes}) ${standing} as ${executionId}.`,
    executionId,
    title,
    status,
    tasks,
    estimatedMinutes: estimatedDuration,
    created,
    statusUrl,
    warnings: [
      ...warnings.slice(0, listed).map((warning) => oneLine(warning, 300)),
      ...(warnings.length > listed ? [`… and ${warnings.length - listed} more`] : []),
    ],
    ...(taskText === undefined ? {} : { taskText }),
  }));
}

export function endedOutcome(execution: ExecutionStatusResponse): HandoffOutcome {
  const { summary, executionId, title, status, progress, ...report } = executionReport(execution);
  const { startedAt, finishedAt, costUsd, tokens, taskText } = report;
  return {
    summary,
    executionId,
    title,
    status,
    tasks: progress.total,
    startedAt,
    finishedAt,
    costUsd,
    tokens,
    ...(taskText === undefined ? {} : { taskText }),
  };
}
