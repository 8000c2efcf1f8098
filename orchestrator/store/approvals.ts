/** Approvals: asked for, decided once, kept as the audit log. */
import type { Task } from "../../plan/model.ts";
import type { ApprovalSubject } from "../api/approval-contract.ts";
import type { Database } from "./db.ts";

export type Unapproved = {
  execution_id: string;
  ordinal: number;
  approval_id: string | null;
  digest: string | null;
  requested_at: Date | null;
  expires_at: Date | null;
  warned: boolean | null;
  reminders: number | null;
};
/** An approved one that no task has been started on yet; the files that it is bound to. */
export type Unused = { id: string; commit: string | null; tree: string | null };
export type ApprovalRow = {
  id: string;
  execution_id: string;
  execution_title: string;
  task_id: string;
  ordinal: number;
  subject: ApprovalSubject;
  digest: string;
  status: "pending" | "approved" | "rejected" | "expired";
  requested_at: Date;
  expires_at: Date;
  decided_at: Date | null;
  decided_by: string | null;
  channel: string | null;
  note: string | null;
};
export type Decision = {
  id: string;
  digest: string;
  approve: boolean;
  by: string;
  channel: string;
  note: string | undefined;
};

const columns = `a.id, a.execution_id, l.title as execution_title, t.task_id, a.ordinal, a.subject, a.digest,
  case when a.status = 'pending' and a.expires_at <= longhaul_now() then 'expired' else a.status end as status,
  a.requested_at, a.expires_at, a.decided_at, a.decided_by, a.channel, a.note`;
const source = `approvals a join executions e on e.id = a.execution_id join plans l on l.id = e.plan_id
  join execution_tasks t on t.execution_id = a.execution_id and t.ordinal = a.ordinal`;

export function createApprovalStore(database: Database) {
  return {
    unapproved: () => database.query<Unapproved>({ name: "unapproved", text: "select * from unapproved_tasks()", values: [] }),
    /** Returns the pending approval's id; null when the task no longer waits. */
    async request(id: string, key: { executionId: string; ordinal: number }, subject: object, digest: string, seconds: number) {
      const [row] = await database.query<{ id: string | null }>({
        name: "request_approval",
        text: "select request_approval($1, $2, $3, $4::jsonb, $5, $6) as id",
        values: [id, key.executionId, key.ordinal, JSON.stringify(subject), digest, seconds],
      });
      return row?.id ?? null;
    },
    async warn(id: string): Promise<void> {
      await database.query({ name: "warn_of_expiry", text: "select warn_of_expiry($1)", values: [id] });
    },
    /** Reminds for the given time, unless that was done. */
    async remind(id: string, reminder: number): Promise<void> {
      await database.query({ name: "remind_of_approval", text: "select remind_of_approval($1, $2)", values: [id, reminder] });
    },
    /** Approvals that this task would be the first to start on, latest first. */
    unused: (executionId: string, ordinal: number) =>
      database.query<Unused>({
        name: "unused_approvals",
        text: `select a.id, a.subject ->> 'commit' as commit, a.subject ->> 'tree' as tree from approvals a
               where a.execution_id = $1 and a.status = 'approved' and a.used_at is null
                 and (a.ordinal = $2 or exists (select from task_dependencies d
                   where d.execution_id = a.execution_id and d.dependent = $2 and d.dependency = a.ordinal))
               order by a.decided_at desc`,
        values: [executionId, ordinal],
      }),
    async use(ids: string[]): Promise<void> {
      await database.query({
        name: "use_approvals",
        text: "update approvals set used_at = longhaul_now() where id = any ($1) and used_at is null",
        values: [ids],
      });
    },
    /** False when it was decided so before. @throws LonghaulError not_found, conflict */
    async decide({ id, digest, approve, by, channel, note }: Decision): Promise<boolean> {
      const [row] = await database.query<{ changed: boolean }>({
        name: "decide_approval",
        text: "select decide_approval($1, $2, $3, $4, $5, $6) as changed",
        values: [id, digest, approve, by, channel, note ?? null],
      });
      return row?.changed ?? false;
    },
    async approval(id: string): Promise<ApprovalRow | undefined> {
      const rows = await database.query<ApprovalRow>({
        name: "approval",
        text: `select ${columns} from ${source} where a.id = $1`,
        values: [id],
      });
      return rows[0];
    },
    /** Pending ones first by age; with an execution, all of it, decided ones included: who, when, what, through which channel. */
    list: (executionId: string | undefined, limit: number) =>
      database.query<ApprovalRow>({
        name: "approvals",
        text: `select ${columns} from ${source}
               where ($1::uuid is null and a.status = 'pending') or a.execution_id = $1
               order by a.status = 'pending' desc, a.requested_at limit $2`,
        values: [executionId ?? null, limit],
      }),
    /** What the approval of a task would let go ahead, and where it would run. */
    async subject(executionId: string, ordinal: number) {
      const [row] = await database.query<{
        title: string;
        task_id: string;
        workspace: string;
        spec: Task;
        hold: { name?: string } | null;
        unlocks: { id: string; spec: Task }[] | null;
        results: { id: string; summary: string | null; attempt: number }[] | null;
      }>({
        name: "approval_subject",
        text: `select p.spec ->> 'title' as title, t.task_id, e.workspace, p.spec, t.result -> 'hold' as hold,
                 (select json_agg(json_build_object('id', u.task_id, 'spec', q.spec) order by u.ordinal) from task_dependencies d
                    join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependent
                    join plan_tasks q on q.plan_id = e.plan_id and q.ordinal = u.ordinal
                  where d.execution_id = t.execution_id and d.dependency = t.ordinal) as unlocks,
                 (select json_agg(json_build_object('id', u.task_id, 'summary', left(u.result ->> 'summary', 500), 'attempt', u.attempt) order by u.ordinal)
                  from task_dependencies d join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
                  where d.execution_id = t.execution_id and d.dependent = t.ordinal) as results
               from execution_tasks t join executions e on e.id = t.execution_id
               join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal
               where t.execution_id = $1 and t.ordinal = $2`,
        values: [executionId, ordinal],
      });
      return row;
    },
  };
}

export type ApprovalStore = ReturnType<typeof createApprovalStore>;
