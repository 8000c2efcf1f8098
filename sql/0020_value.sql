-- What executions were worth, from what is recorded: rows of tasks and the event log. What is not recorded is not guessed.
--
-- A wait begins with the event that says so and ends with the task's next one, or when a person runs the task again. Where the log of an
-- execution was let go of after its time, nothing is said about people and waits: `recorded` is false.

create index execution_events_waits on execution_events (execution_id, seq)
  where type in ('task.awaiting_human', 'task.awaiting_approval', 'task.blocked', 'execution.paused', 'execution.halted');

create view task_waits as
  select w.execution_id, w.seq, w.task_id, w.at as since, n.at as until, w.data ->> 'message' as message,
         case w.type when 'task.awaiting_human' then 'human' when 'task.awaiting_approval' then 'approval'
                     when 'task.blocked' then 'external' else 'paused' end as waits_for,
         -- Minutes that a person worked on it: as said, or between none and as long as it waited.
         coalesce((n.data ->> 'minutes')::double precision, 0) as least_minutes,
         coalesce((n.data ->> 'minutes')::double precision, extract(epoch from coalesce(n.at, longhaul_now()) - w.at) / 60) as most_minutes
  from execution_events w
  left join lateral (
    select e.at, e.data from execution_events e
    where e.execution_id = w.execution_id and e.seq > w.seq and case
      when w.task_id is null then e.type in ('execution.resumed', 'execution.cancelled', 'execution.retried')
      else (e.task_id = w.task_id and e.type like 'task.%') or (e.type = 'execution.retried' and e.data -> 'tasks' ? w.task_id)
           or e.type in ('execution.rolled_back', 'execution.cancelled') end
    order by e.seq limit 1
  ) n on true
  where w.type in ('task.awaiting_human', 'task.awaiting_approval', 'task.blocked', 'execution.paused', 'execution.halted');

create function execution_values(p_executions uuid[])
returns table (execution_id uuid, title text, status text, recorded boolean, total integer, completed integer, failed integer, skipped integer,
  cancelled integer, without_human integer, estimated integer, manual_least double precision, manual_most double precision,
  human_least double precision, human_most double precision, cost_usd double precision, tokens bigint, cost_unknown integer,
  worth_usd double precision, waited jsonb)
language sql stable as $$
  with waits as materialized (
    select w.* from task_waits w where w.execution_id = any (p_executions)
  ),
  people as ( -- tasks that a person had a hand in
    select w.execution_id, w.task_id from waits w where w.waits_for in ('human', 'approval')
    union
    select v.execution_id, v.task_id from execution_events v
      where v.execution_id = any (p_executions) and v.type in ('task.completed', 'task.released') and v.data ->> 'by' = 'person'
    union
    select v.execution_id, t.id from execution_events v, jsonb_array_elements_text(v.data -> 'tasks') as t(id)
      where v.execution_id = any (p_executions) and v.type = 'execution.retried'
  ),
  human as (
    select w.execution_id, w.task_id, sum(w.least_minutes) as least, sum(w.most_minutes) as most from waits w
    where w.waits_for in ('human', 'approval') group by 1, 2
  ),
  each as (
    select t.execution_id, t.status, t.task_id, t.ready_status, p.estimate, h.least, h.most,
           q.task_id is null as without_human,
           t.kind in ('claude', 'content', 'agent') and t.attempt > 0 and t.result -> 'usage' ->> 'costUsd' is null as cost_unknown
    from execution_tasks t join executions e on e.id = t.execution_id
    join lateral (
      select case when coalesce(l.spec -> 'manualEstimate' ->> 'unit', 'minutes') = 'minutes' then l.spec -> 'manualEstimate' end as estimate
      from plan_tasks l where l.plan_id = e.plan_id and l.ordinal = t.ordinal
    ) p on true
    left join human h on h.execution_id = t.execution_id and h.task_id = t.task_id
    left join people q on q.execution_id = t.execution_id and q.task_id = t.task_id
    where t.execution_id = any (p_executions)
  ),
  summed as (
    select x.execution_id,
           count(*) filter (where x.status = 'completed' and x.without_human) as without_human,
           count(*) filter (where x.status = 'completed' and x.estimate is not null) as estimated,
           sum(coalesce(x.estimate ->> 'min', x.estimate ->> 'likely', x.estimate ->> 'max')::double precision)
             filter (where x.status = 'completed') as manual_least,
           sum(coalesce(x.estimate ->> 'max', x.estimate ->> 'likely', x.estimate ->> 'min')::double precision)
             filter (where x.status = 'completed') as manual_most,
           -- An approval is work that would not be there without the plan; what is a person's anyway and has no estimate is nobody's gain.
           sum(x.least) filter (where x.estimate is not null or x.ready_status = 'awaiting_approval') as human_least,
           sum(x.most) filter (where x.estimate is not null or x.ready_status = 'awaiting_approval') as human_most,
           count(*) filter (where x.cost_unknown) as cost_unknown
    from each x group by x.execution_id
  )
  select e.id, l.title, e.status, exists (select from execution_events v where v.execution_id = e.id and v.seq = 1),
         e.total, e.completed, e.failed, e.skipped, e.cancelled, coalesce(s.without_human, 0)::integer, coalesce(s.estimated, 0)::integer,
         coalesce(s.manual_least, 0), coalesce(s.manual_most, 0), coalesce(s.human_least, 0), coalesce(s.human_most, 0),
         e.cost_usd, e.tokens, coalesce(s.cost_unknown, 0)::integer, (e.options ->> 'valueUsd')::double precision,
         (select jsonb_object_agg(k.waits_for, k.seconds) from (
            select w.waits_for, sum(extract(epoch from coalesce(w.until, longhaul_now()) - w.since)) as seconds
            from waits w where w.execution_id = e.id group by 1) k)
  from executions e join plans l on l.id = e.plan_id left join summed s on s.execution_id = e.id
  where e.id = any (p_executions)
$$;
