/** Every read use-case: rows of the store → what the API answers. */
import { compileGraph } from "../plan/graph.ts";
import type { Task } from "../plan/model.ts";
import { warnOfParams } from "../plan/task-params.ts";
import type {
  Capabilities,
  ExecutionDetail,
  ExecutionStatusResponse,
  Health,
  PreviewResponse,
  TaskBrief,
  TaskDetail,
} from "./api/contract.ts";
import { ExecutionStatus } from "./api/contract.ts";
import type { Recommendation } from "./api/learning-contract.ts";
import type { Forecaster } from "./forecaster.ts";
import type { Refiner } from "./refiner.ts";
import { type PlanLimits, readRequestedPlan } from "./requested-plan.ts";
import type { Queries } from "./service.ts";
import type { BriefRow, ExecutionRow, ExecutionStore, TaskRow } from "./store/executions.ts";

export type QueryOptions = {
  executions: ExecutionStore;
  limits: PlanLimits;
  refine: Refiner;
  /** Past tasks that are like some of these, the closest first; empty when they cannot be had. */
  similarTo(tasks: Task[]): Promise<Recommendation[]>;
  forecast: Forecaster;
  /** What waits for people. */
  inbox: Queries["pendingActions"];
  health(): Promise<Health>;
  capabilities(): Promise<Capabilities>;
  metrics: Queries["metrics"];
  follow: Queries["follow"];
  /** What keeps the tasks of an execution from starting although nothing is wrong with them, in one line. */
  suspension(executionId: string): Promise<string | undefined>;
  now(): number;
};

export function createQueries(options: QueryOptions): Queries {
  const { executions } = options;

  /** An execution that runs, but waits for a limit to end, says so. */
  async function explained(executionId: string): Promise<ExecutionRow> {
    const row = await executions.execution(executionId);
    if (row.reason !== null || row.finished_at !== null) return row;
    return { ...row, reason: (await options.suspension(executionId)) ?? null };
  }

  async function status(executionId: string): Promise<ExecutionStatusResponse> {
    const [row, briefs] = await Promise.all([explained(executionId), executions.briefs(executionId)]);
    return statusOf(row, briefs, options.now());
  }

  return {
    status,
    health: options.health,
    capabilities: options.capabilities,
    metrics: options.metrics,
    follow: options.follow,
    async list(query) {
      const rows = await executions.list({
        status: query.status,
        conversationId: query.conversationId,
        before: query.cursor,
        limit: query.limit + 1,
      });
      const page = rows.slice(0, query.limit);
      return {
        executions: page.map((row) => ({ ...headOf(row), conversationId: row.conversation_id, workspace: row.workspace })),
        nextCursor: rows.length > query.limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
    async execution(executionId) {
      const row = await explained(executionId);
      const [tasks, phases] = await Promise.all([executions.tasks(executionId), executions.phases(row.plan_id)]);
      return {
        ...statusOf(row, tasks, options.now()),
        planId: row.plan_id,
        conversationId: row.conversation_id,
        source: row.source,
        workspace: row.workspace,
        priority: row.priority < 0 ? "low" : row.priority > 0 ? "high" : "normal",
        phases: phases.map((phase) => phaseOf(phase, tasks)).filter((phase) => phase.total > 0),
        tasks: detailsOf(tasks, options.now()),
      } satisfies ExecutionDetail;
    },
    async events(executionId, { after, limit, taskId }) {
      const row = await executions.execution(executionId);
      return { events: await executions.events(executionId, after, limit, taskId), lastSeq: Number(row.last_seq) };
    },
    async preview(request) {
      const read = await readRequestedPlan(request, { ...request, limits: options.limits });
      const { plan, report } = warnOfParams(await options.refine(read));
      const graph = compileGraph(plan);
      return {
        plan,
        report,
        waves: graph.waves,
        criticalPath: graph.criticalPath,
        forecast: await options.forecast(plan),
        similar: await options.similarTo(graph.leaves),
        warnings: report.warnings.map((warning) => warning.text),
      } satisfies PreviewResponse;
    },
    pendingActions: options.inbox,
  };
}

function headOf(row: ExecutionRow) {
  const current = row.completed + row.skipped - row.hopeless;
  return {
    executionId: row.id,
    title: row.title,
    status: ExecutionStatus.parse(row.status),
    reason: row.reason,
    progress: { current, total: row.total, percentage: row.total === 0 ? 100 : Math.round((current / row.total) * 1000) / 10 },
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

function statusOf(row: ExecutionRow, briefs: BriefRow[], nowMs: number): ExecutionStatusResponse {
  const head = headOf(row);
  const tasks = briefs.map((brief) => briefOf(brief, nowMs));
  const runningTasks = tasks.filter((task) => task.status === "in_progress" || task.status === "verifying");
  const first = runningTasks[0];
  const waiting = tasks.filter((task) => ["awaiting_human", "awaiting_approval", "blocked"].includes(task.status));
  return {
    ...head,
    currentTask: first?.startedAt ? { id: first.id, title: first.title, startedAt: first.startedAt } : null,
    runningTasks,
    completedTasks: tasks.filter((task) => task.status === "completed"),
    failedTasks: tasks.filter((task) => task.status === "failed"),
    blockers: [
      ...(row.status === "paused" ? [{ taskId: null, title: row.title, reason: row.reason ?? "paused", since: null }] : []),
      ...waiting.map((task) => ({
        taskId: task.id,
        title: task.title,
        reason: task.message ?? (task.status === "awaiting_approval" ? "waits for an approval" : "waits for a person"),
        since: null,
      })),
    ],
    eta: etaOf(row, head.progress.current, nowMs),
    lastSeq: Number(row.last_seq),
    costUsd: row.cost_usd,
    tokens: Number(row.tokens),
  };
}

/** The pace so far, carried on; nothing is said before the first task ended. */
function etaOf(row: ExecutionRow, current: number, nowMs: number): string | null {
  if (row.started_at === null || row.completed === 0 || row.status !== "running") return null;
  const perTaskMs = (nowMs - row.started_at.getTime()) / row.completed;
  return new Date(nowMs + perTaskMs * (row.total - current)).toISOString();
}

function briefOf(row: BriefRow, nowMs: number): TaskBrief {
  const endMs = row.finished_at?.getTime() ?? (row.status === "in_progress" || row.status === "verifying" ? nowMs : undefined);
  return {
    id: row.task_id,
    title: row.title,
    status: row.status,
    kind: row.kind,
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
    durationSeconds:
      row.started_at === null || endMs === undefined ? null : Math.max(0, (endMs - row.started_at.getTime()) / 1000),
    message: row.message,
  };
}

function detailsOf(rows: TaskRow[], nowMs: number): TaskDetail[] {
  const ids = new Map(rows.map((row) => [row.ordinal, row.task_id]));
  return rows.map((row) => ({
    ...briefOf(row, nowMs),
    displayId: row.spec.displayId,
    phase: row.spec.phase ?? null,
    parent: row.spec.parent ?? null,
    dependencies: row.dependencies.flatMap((ordinal) => ids.get(ordinal) ?? []),
    attempt: row.attempt,
    summary: row.result?.summary || null,
    exitCode: row.result?.exitCode ?? null,
    failureClass: row.result?.failureClass ?? null,
    evidence: row.result?.evidence ?? [],
    costUsd: row.result?.usage?.costUsd ?? null,
    tokens: row.result?.usage ? (row.result.usage.inputTokens ?? 0) + (row.result.usage.outputTokens ?? 0) : null,
    sessionId: row.result?.sessionId ?? null,
    logFile: row.result?.logFile ?? null,
    isolation: row.result?.isolation ?? null,
    sourceLine: row.spec.sourceLine ?? null,
  }));
}

function phaseOf(phase: { id: string; title: string }, tasks: TaskRow[]) {
  const inside = tasks.filter((task) => task.spec.phase === phase.id);
  const done = inside.filter((task) => task.status === "completed" || task.status === "skipped").length;
  return { id: phase.id, title: phase.title, total: inside.length, done };
}
