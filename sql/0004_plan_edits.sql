-- A changed plan brought to an execution that is under way (`longhaul edit`).
--
-- What has begun or ended is never touched: the caller compared with a state that may have moved on, so every change is checked against the
-- row as it is now, under the lock. What could not be changed any more is returned.

-- p_tasks: the tasks to write, {ordinal, taskId, leaf, kind, priority, readyStatus, maxAttempts, skipCause, spec}; ordinals that are not there
-- yet are new tasks. p_removed: ordinals to take out. p_edges: for each dependent named in p_rewired all its dependencies.
create function edit_plan(p_execution uuid, p_document jsonb, p_tasks jsonb, p_removed integer[], p_rewired integer[], p_dependency integer[],
                          p_dependent integer[], p_event jsonb) returns text[] language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  v_late integer[];
  v_task_id text;
begin
  if e.status not in ('created', 'queued', 'running', 'paused', 'blocked') then
    raise exception 'execution % is %, only one that has not ended can be edited', p_execution, e.status using errcode = 'LH409';
  end if;
  select coalesce(array_agg(t.ordinal), '{}') into v_late from execution_tasks t
    where t.execution_id = p_execution and t.status in ('in_progress', 'verifying', 'completed', 'failed', 'cancelled')
      and (t.ordinal = any (p_removed) or t.ordinal in (select (x ->> 'ordinal')::integer from jsonb_array_elements(p_tasks) x));

  update plans set document = p_document, title = p_document ->> 'title' where id = e.plan_id;
  insert into plan_tasks as p (plan_id, ordinal, task_id, leaf, spec)
    select e.plan_id, x.ordinal, x."taskId", x.leaf, x.spec
    from jsonb_to_recordset(p_tasks) x (ordinal integer, "taskId" text, leaf boolean, spec jsonb) where x.ordinal <> all (v_late)
    on conflict (plan_id, ordinal) do update set task_id = excluded.task_id, leaf = excluded.leaf, spec = excluded.spec;
  insert into execution_tasks as t (execution_id, ordinal, task_id, kind, priority, status, ready_status, max_attempts, skip_cause)
    select p_execution, x.ordinal, x."taskId", x.kind, x.priority, case when x."skipCause" is null then 'pending' else 'skipped' end,
           x."readyStatus", x."maxAttempts", x."skipCause"
    from jsonb_to_recordset(p_tasks) x (ordinal integer, "taskId" text, leaf boolean, kind text, priority smallint, "readyStatus" text,
      "maxAttempts" integer, "skipCause" text)
    where x.leaf and x.ordinal <> all (v_late)
    on conflict (execution_id, ordinal) do update set task_id = excluded.task_id, kind = excluded.kind, priority = excluded.priority,
      status = excluded.status, ready_status = excluded.ready_status, max_attempts = excluded.max_attempts, skip_cause = excluded.skip_cause,
      not_before = null, message = null, finished_at = null;
  for v_task_id in
    update execution_tasks t set status = 'skipped', skip_cause = 'user', not_before = null, finished_at = longhaul_now(),
      message = 'taken out of the plan'
      where t.execution_id = p_execution and t.ordinal = any (p_removed) and t.ordinal <> all (v_late)
      returning t.task_id
  loop
    perform append_event(p_execution, 'task.skipped', v_task_id, null, '{"cause": "user"}');
  end loop;

  delete from task_dependencies d where d.execution_id = p_execution and d.dependent = any (p_rewired) and d.dependent <> all (v_late);
  insert into task_dependencies (execution_id, dependency, dependent)
    select distinct p_execution, d.dependency, d.dependent from unnest(p_dependency, p_dependent) d (dependency, dependent)
    where d.dependent <> all (v_late)
    on conflict do nothing;
  -- Whoever waits is derived again, also what was skipped because of a dependency that it no longer has.
  update execution_tasks t set status = 'pending', skip_cause = null, message = null, finished_at = null
    where t.execution_id = p_execution and t.ordinal = any (p_rewired)
      and (t.status in ('queued', 'blocked') or t.skip_cause = 'dependency') and t.ordinal <> all (v_late);

  update executions set total = (select count(*) from execution_tasks t where t.execution_id = p_execution) where id = p_execution;
  perform append_event(p_execution, 'execution.edited', null, null, p_event);
  perform settle(p_execution);
  return array(select t.task_id from execution_tasks t where t.execution_id = p_execution and t.ordinal = any (v_late) order by t.ordinal);
end $$;

-- What a model said about the tasks of a plan, by a digest of what it was asked.
create table plan_opinions (
  digest      text primary key,
  answer      jsonb not null,
  created_at  timestamptz not null default now()
);
