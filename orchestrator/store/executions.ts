/** What the orchestrator reads about executions. Rows in, plain values out; nothing here changes state. */
import { expandTask } from "../../plan/compact.ts";
import type { Task } from "../../plan/model.ts";
import type { Evidence } from "../api/contract.ts";
import { LonghaulError } from "../domain/errors.ts";
import type { ExecutionEvent } from "../domain/event.ts";
import type { TaskStatus, Usage } from "../domain/task.ts";
import type { Released } from "../executors/executor.ts";
import type { Database } from "./db.ts";

export type ExecutionContext = { workspace: string; planTitle: string; conversationId: string };

export type ExecutionRow = {
  id: string;
  plan_id: string;
  conversation_id: string;
  status: string;
  reason: string | null;
  priority: number;
  workspace: string;
  total: number;
  ready: number;
  running: number;
  retrying: number;
  waiting: number;
  completed: number;
  failed: number;
  skipped: number;
  cancelled: number;
  cost_usd: number;
  tokens: string;
  last_seq: string;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  title: string;
  source: string;
  /** Tasks skipped because a task they depend on did not succeed. */
  hopeless: number;
};

export type BriefRow = {
  ordinal: number;
  task_id: string;
  title: string;
  kind: string;
  status: TaskStatus;
  message: string | null;
  started_at: Date | null;
  finished_at: Date | null;
};
export type TaskRow = BriefRow & { attempt: number; result: TaskResult | null; spec: Task; dependencies: number[] };
type TaskResult = {
  summary: string;
  exitCode: number | null;
  sessionId: string | null;
  usage: Usage | null;
  failureClass: string | null;
  evidence: Evidence[];
  logFile: string | null;
  isolation: string | null;
};

const executionColumns = `e.id, e.plan_id, e.conversation_id, e.status, e.reason, e.priority, e.workspace, e.total, e.ready, e.running,
  e.retrying, e.waiting, e.completed, e.failed, e.skipped, e.cancelled, e.cost_usd, e.tokens, e.last_seq, e.created_at, e.started_at,
  e.finished_at, p.title, p.source,
  case when e.failed + e.cancelled = 0 then 0 else (select count(*)::integer from execution_tasks h
    where h.execution_id = e.id and h.skip_cause in ('dependency', 'deferred')) end as hopeless`;

export function createExecutionStore(database: Database) {
  return {
    /** @throws LonghaulError not_found */
    async execution(executionId: string): Promise<ExecutionRow> {
      const rows = await database.query<ExecutionRow>({
        name: "execution",
        text: `select ${executionColumns} from executions e join plans p on p.id = e.plan_id where e.id = $1`,
        values: [executionId],
      });
      if (rows[0] === undefined)
        throw new LonghaulError("not_found", `No execution ${executionId}`, { hint: "GET /api/executions lists them." });
      return rows[0];
    },
    /** Newest first; `before` is the id to read on from. */
    list: (filter: {
      status?: string | undefined;
      conversationId?: string | undefined;
      before?: string | undefined;
      limit: number;
    }) =>
      database.query<ExecutionRow>({
        name: "executions",
        text: `select ${executionColumns} from executions e join plans p on p.id = e.plan_id
               where ($1::text is null or e.status = $1) and ($2::text is null or e.conversation_id = $2) and ($3::uuid is null or e.id < $3)
               order by e.id desc limit $4`,
        values: [filter.status ?? null, filter.conversationId ?? null, filter.before ?? null, filter.limit],
      }),
    briefs: (executionId: string) =>
      database.query<BriefRow>({
        name: "briefs",
        text: `select t.ordinal, t.task_id, p.spec ->> 'title' as title, t.kind, t.status, t.message, t.started_at, t.finished_at
               from execution_tasks t join executions e on e.id = t.execution_id
               join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal
               where t.execution_id = $1 order by t.ordinal`,
        values: [executionId],
      }),
    async tasks(executionId: string): Promise<TaskRow[]> {
      const rows = await database.query<TaskRow>({
        name: "tasks",
        text: `select t.ordinal, t.task_id, p.spec ->> 'title' as title, t.kind, t.status, t.attempt, t.message, t.started_at, t.finished_at,
                 t.result, p.spec,
                 array(select d.dependency from task_dependencies d where d.execution_id = t.execution_id and d.dependent = t.ordinal
                       order by 1) as dependencies
               from execution_tasks t join executions e on e.id = t.execution_id
               join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal
               where t.execution_id = $1 order by t.ordinal`,
        values: [executionId],
      });
      return rows.map((row) => ({ ...row, spec: expandTask(row.spec) }));
    },
    async events(executionId: string, after: number, limit: number, taskId?: string): Promise<ExecutionEvent[]> {
      const rows = await database.query<{
        seq: string;
        type: ExecutionEvent["type"];
        task_id: string | null;
        attempt: number | null;
        at: Date;
        data: Record<string, unknown>;
      }>({
        name: "events",
        text: `select seq, type, task_id, attempt, at, data from execution_events
               where execution_id = $1 and seq > $2 and ($4::text is null or task_id = $4) order by seq limit $3`,
        values: [executionId, after, limit, taskId ?? null],
      });
      return rows.map(({ task_id, seq, at, ...row }) => ({
        executionId,
        seq: Number(seq),
        taskId: task_id,
        at: at.toISOString(),
        ...row,
      }));
    },
    /** The groups of the plan. */
    async phases(planId: string): Promise<{ id: string; title: string }[]> {
      const rows = await database.query<{ phases: { id: string; title: string }[] | null }>({
        name: "phases",
        text: "select document -> 'phases' as phases from plans where id = $1",
        values: [planId],
      });
      return rows[0]?.phases ?? [];
    },
    /** Keeps NOTIFY on for the execution's watchers, of all nodes. */
    async watch(executionId: string, seconds: number): Promise<void> {
      await database.query({
        name: "watch",
        text: "update executions set watched_until = longhaul_now() + $2 * interval '1 second' where id = $1",
        values: [executionId, seconds],
      });
    },
    async context(executionId: string): Promise<ExecutionContext> {
      const rows = await database.query<{ workspace: string; title: string; conversation_id: string }>({
        name: "context",
        text: "select e.workspace, p.title, e.conversation_id from executions e join plans p on p.id = e.plan_id where e.id = $1",
        values: [executionId],
      });
      const row = rows[0];
      if (row === undefined) throw new LonghaulError("not_found", `No execution ${executionId}`);
      return { workspace: row.workspace, planTitle: row.title, conversationId: row.conversation_id };
    },
    /** Results of the tasks that a task depends on, the session id of its own last attempt, and what it was held for before. */
    async inputs(executionId: string, ordinal: number) {
      const results = database.query<{ task_id: string; title: string; summary: string }>({
        name: "inputs",
        text: `select u.task_id, p.spec ->> 'title' as title, coalesce(u.result ->> 'summary', '') as summary
               from task_dependencies d join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
               join executions e on e.id = u.execution_id join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = u.ordinal
               where d.execution_id = $1 and d.dependent = $2 and u.status = 'completed' order by u.ordinal`,
        values: [executionId, ordinal],
      });
      const own = database.query<{ session: string | null; released: Released[] | null }>({
        name: "last_attempt",
        text: `select coalesce(t.result ->> 'sessionId', (select a.detail -> 'result' ->> 'sessionId' from attempts a
                 where a.execution_id = $1 and a.ordinal = $2 order by a.attempt desc limit 1)) as session, t.result -> 'released' as released
               from execution_tasks t where t.execution_id = $1 and t.ordinal = $2`,
        values: [executionId, ordinal],
      });
      const [rows, last] = await Promise.all([results, own]);
      const session = last[0]?.session;
      return {
        inputs: rows.map((row) => ({ taskId: row.task_id, title: row.title, summary: row.summary })),
        released: last[0]?.released ?? [],
        ...(session === null || session === undefined ? {} : { sessionId: session }),
      };
    },
    /** Fingerprints of a task's failed attempts, newest first, and whether one more failure leaves it an attempt. */
    async failures(executionId: string, ordinal: number) {
      const [row] = await database.query<{ left: boolean; fingerprints: (string | null)[] }>({
        name: "failures",
        text: `select t.failures + 1 < t.max_attempts as left, array(select a.detail ->> 'fingerprint' from attempts a
                 where a.execution_id = $1 and a.ordinal = $2 and a.failure_class is not null
                   and a.failure_class not in ('rate_limit', 'usage_limit', 'never_started', 'ambiguous', 'limit')
                 order by a.attempt desc limit 100) as fingerprints
               from execution_tasks t where t.execution_id = $1 and t.ordinal = $2`,
        values: [executionId, ordinal],
      });
      return { attemptsLeft: row?.left ?? false, fingerprints: row?.fingerprints ?? [] };
    },
    async ping(): Promise<{ version: string }> {
      const rows = await database.query<{ server_version: string }>({ name: "ping", text: "show server_version", values: [] });
      return { version: rows[0]?.server_version ?? "" };
    },
  };
}

export type ExecutionStore = ReturnType<typeof createExecutionStore>;
