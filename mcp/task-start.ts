/** The answer to `handoff` where the client follows it as a background task: the execution exists durably before this is sent. */
import type { CallToolResult } from "@modelcontextprotocol/server";
import type { HandoffOutcome } from "./handoff-outcome.ts";

/** How often a client should ask; an execution lives for minutes to days, and a question costs one indexed read. */
export const pollIntervalMs = 2_000;

/**
 * The task's id is the execution's: whichever process serves a resumed session can answer for it. `structuredContent` is here because the
 * output schema demands it of every result.
 */
export function startedTask(outcome: HandoffOutcome): CallToolResult {
  const now = new Date().toISOString();
  const similar = outcome.taskText === undefined ? [] : [outcome.taskText];
  const immediate = [outcome.summary, ...(outcome.warnings ?? []), `Look at it: ${outcome.statusUrl}`, ...similar].join("\n");
  return {
    resultType: "task",
    taskId: outcome.executionId,
    status: "working",
    statusMessage: outcome.summary,
    createdAt: now,
    lastUpdatedAt: now,
    ttlMs: null,
    pollIntervalMs,
    _meta: { "com.anthropic/agent-task": { modelImmediateResponse: immediate } },
    content: [{ type: "text", text: immediate }],
    structuredContent: outcome,
  };
}
