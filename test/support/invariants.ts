/** What must hold for every execution at any moment, whatever happened before; returns what is broken, in words. */
import type { Database } from "../../orchestrator/store/db.ts";

const checks: Record<string, string> = {
  "events of an execution count 1..n without a gap": `
    select e.id::text || ' has ' || count(v.seq) || ' events up to ' || coalesce(max(v.seq), 0) || ', last_seq ' || e.last_seq as broken
    from executions e left join execution_events v on v.execution_id = e.id group by e.id
    having count(v.seq) <> e.last_seq or coalesce(max(v.seq), 0) <> e.last_seq or coalesce(min(v.seq), 1) <> 1`,
  "counters say what the rows say": `
    select e.id::text as broken from executions e join execution_tasks t on t.execution_id = e.id group by e.id
    having e.total <> count(*) or e.ready <> count(*) filter (where t.status = 'queued')
      or e.running <> count(*) filter (where t.status in ('in_progress', 'verifying'))
      or e.retrying <> count(*) filter (where t.status = 'retrying')
      or e.waiting <> count(*) filter (where t.status in ('awaiting_human', 'awaiting_approval', 'blocked'))
      or e.completed <> count(*) filter (where t.status = 'completed') or e.failed <> count(*) filter (where t.status = 'failed')
      or e.skipped <> count(*) filter (where t.status = 'skipped') or e.cancelled <> count(*) filter (where t.status = 'cancelled')`,
  "no task is ready, running or completed before what it depends on": `
    select t.execution_id || '/' || t.ordinal || ' is ' || t.status || ', ' || u.ordinal || ' is ' || u.status as broken
    from task_dependencies d
    join execution_tasks t on t.execution_id = d.execution_id and t.ordinal = d.dependent
    join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
    where t.status in ('queued', 'in_progress', 'verifying', 'retrying', 'completed', 'failed', 'awaiting_human')
      and u.status <> 'completed' and coalesce(u.skip_cause, '') not in ('user', 'already_done', 'optional')`,
  "no task is left pending with nothing to wait for": `
    select t.execution_id || '/' || t.ordinal as broken from execution_tasks t where t.status = 'pending' and not exists (
      select from task_dependencies d join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
      where d.execution_id = t.execution_id and d.dependent = t.ordinal
        and u.status <> 'completed' and coalesce(u.skip_cause, '') not in ('user', 'already_done', 'optional'))`,
  "a task is skipped for its dependencies exactly while one of them did not succeed": `
    select t.execution_id || '/' || t.ordinal as broken from execution_tasks t where t.skip_cause = 'dependency' and not exists (
      select from task_dependencies d join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
      where d.execution_id = t.execution_id and d.dependent = t.ordinal
        and (u.status in ('failed', 'cancelled') or u.skip_cause = 'dependency'))`,
  "an attempt starts once and ends at most once": `
    select execution_id || ' ' || task_id || ' attempt ' || attempt || ' ' || type || ' ' || count(*) as broken
    from execution_events where attempt is not null and type in ('task.started', 'task.completed', 'task.failed', 'task.retrying', 'task.released')
    group by execution_id, task_id, attempt, type having count(*) > 1`,
  "no task starts in the log before its dependencies ended there": `
    select s.execution_id || ' ' || s.task_id || ' at ' || s.seq as broken
    from execution_events s
    join executions e on e.id = s.execution_id
    join plan_tasks p on p.plan_id = e.plan_id and p.task_id = s.task_id
    join task_dependencies d on d.execution_id = s.execution_id and d.dependent = p.ordinal
    join plan_tasks q on q.plan_id = e.plan_id and q.ordinal = d.dependency
    join execution_tasks u on u.execution_id = e.id and u.ordinal = d.dependency
    where s.type = 'task.started' and coalesce(u.skip_cause, '') not in ('already_done', 'optional') and not exists (
      select from execution_events c where c.execution_id = s.execution_id and c.task_id = q.task_id and c.seq < s.seq
        and c.type in ('task.completed', 'task.skipped'))
      and not exists ( -- what it depended on then is not known any more
        select from execution_events x where x.execution_id = s.execution_id and x.seq > s.seq and x.type = 'execution.edited')`,
  "what has ended has an end, and only that": `
    select id::text || ' is ' || status as broken from executions
    where (completed + failed + skipped + cancelled = total) <> (status in ('completed', 'failed', 'cancelled'))`,
};

export async function brokenInvariants(database: Database): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(checks).map(async ([name, text]) => {
      const rows = await database.query<{ broken: string }>({ name: name.slice(0, 60), text, values: [] });
      return rows.map((row) => `${name}: ${row.broken}`);
    }),
  );
  return found.flat();
}
