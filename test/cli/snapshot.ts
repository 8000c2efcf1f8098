/** Executions and events for tests of the view, without an orchestrator. */
import type { Event, ExecutionDetail, TaskDetail } from "../../orchestrator/api/contract.ts";

export const startMs = Date.UTC(2026, 0, 1);
const at = (seconds: number) => new Date(startMs + seconds * 1000).toISOString();

export function taskOf(id: string, more: Partial<TaskDetail> = {}): TaskDetail {
  return {
    id,
    title: `Task ${id}`,
    displayId: id,
    status: "pending",
    kind: "shell",
    phase: null,
    parent: null,
    dependencies: [],
    startedAt: null,
    finishedAt: null,
    durationSeconds: null,
    message: null,
    attempt: 0,
    summary: null,
    exitCode: null,
    failureClass: null,
    evidence: [],
    costUsd: null,
    tokens: null,
    sessionId: null,
    logFile: null,
    isolation: null,
    sourceLine: null,
    ...more,
  };
}

export function executionOf(tasks: TaskDetail[], more: Partial<ExecutionDetail> = {}): ExecutionDetail {
  const having = (...statuses: string[]) => tasks.filter((task) => statuses.includes(task.status));
  const current = having("completed", "skipped").length;
  return {
    executionId: "01a1fba6-f680-767c-929d-8cd9e31e31f6",
    planId: "p",
    conversationId: "",
    source: "INLINE",
    title: "A plan",
    status: "running",
    reason: null,
    workspace: "/work",
    priority: "normal",
    phases: [],
    tasks,
    currentTask: null,
    blockers: [],
    progress: {
      current,
      total: tasks.length,
      percentage: 0,
    },
    runningTasks: having("in_progress", "verifying"),
    completedTasks: having("completed"),
    failedTasks: having("failed"),
    eta: null,
    createdAt: at(0),
    startedAt: at(0),
    finishedAt: null,
    lastSeq: 0,
    costUsd: 0,
    tokens: 0,
    ...more,
  };
}

let seq = 0;
/** The next event, `seconds` after the start. */
export function eventOf(type: Event["type"], taskId: string | null, seconds: number, data: Event["data"] = {}): Event {
  seq += 1;
  return {
    executionId: "01a1fba6-f680-767c-929d-8cd9e31e31f6",
    seq,
    type,
    taskId,
    attempt: taskId === null ? null : 1,
    at: at(seconds),
    data,
  };
}
