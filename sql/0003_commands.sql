-- Commands of people on an execution: pause, resume, cancel, retry, skip, and the answer to a task that waits for somebody.
--
-- Each checks the state, changes what it is about, appends its event and calls `settle`, which derives everything else from the rows. They are
-- rare, so they may cost a look at the whole execution. What the state does not allow is refused with LH409, what does not exist with LH404.

create function lock_execution(p_execution uuid) returns executions language plpgsql as $$
declare
  e executions;
begin
  select * into e from executions where id = p_execution for no key update;
  if not found then raise exception 'no execution %', p_execution using errcode = 'LH404'; end if;
  if exists (select from rollbacks r where r.execution_id = p_execution and r.status = 'intended') then
    raise exception 'execution % is being rolled back, wait until that is done', p_execution using errcode = 'LH409';
  end if;
  return e;
end $$;

create function lock_task(p_execution uuid, p_task_id text) returns execution_tasks language plpgsql as $$
declare
  t execution_tasks;
begin
  select x.* into t from executions e join plan_tasks p on p.plan_id = e.plan_id and p.task_id = p_task_id
    join execution_tasks x on x.execution_id = e.id and x.ordinal = p.ordinal where e.id = p_execution;
  if not found then raise exception 'no task % in execution %', p_task_id, p_execution using errcode = 'LH404'; end if;
  return t;
end $$;

create function pause(p_execution uuid, p_reason text) returns boolean language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
begin
  if e.status = 'paused' then return false; end if;
  if e.status not in ('created', 'queued', 'running', 'blocked') then
    raise exception 'execution % is %, only one that has not ended can be paused', p_execution, e.status using errcode = 'LH409';
  end if;
  update executions set status = 'paused', reason = coalesce(p_reason, 'paused by a person') where id = p_execution;
  perform append_event(p_execution, 'execution.paused', null, null, jsonb_strip_nulls(jsonb_build_object('reason', p_reason)));
  perform settle(p_execution);
  return true;
end $$;

create function resume(p_execution uuid) returns boolean language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
begin
  if e.status in ('queued', 'running', 'blocked') then return false; end if;
  if e.status <> 'paused' then
    raise exception 'execution % is %, only a paused one can be resumed', p_execution, e.status using errcode = 'LH409';
  end if;
  update executions set status = case when started_at is null then 'queued' else 'running' end, reason = null, consecutive_failures = 0
    where id = p_execution;
  perform append_event(p_execution, 'execution.resumed', null, null, '{}');
  perform settle(p_execution);
  return true;
end $$;

create function cancel(p_execution uuid, p_reason text) returns boolean language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  v_task record;
begin
  if e.status = 'cancelled' then return false; end if;
  if e.status in ('completed', 'failed') then
    raise exception 'execution % is % already, there is nothing to cancel', p_execution, e.status using errcode = 'LH409';
  end if;
  -- Running attempts lose their task here; the node's heartbeat (woken below) tells it to kill their process trees.
  for v_task in
    update execution_tasks t set status = 'cancelled', node_id = null, not_before = null, finished_at = longhaul_now()
    where t.execution_id = p_execution and t.status not in ('completed', 'failed', 'skipped', 'cancelled')
    returning t.task_id, t.attempt
  loop
    perform append_event(p_execution, 'task.cancelled', v_task.task_id, nullif(v_task.attempt, 0), '{}');
  end loop;
  update executions set status = 'cancelled', reason = p_reason, finished_at = longhaul_now() where id = p_execution;
  perform append_event(p_execution, 'execution.cancelled', null, null, jsonb_strip_nulls(jsonb_build_object('reason', p_reason)));
  perform recount(p_execution);
  perform pg_notify('longhaul_stop', p_execution::text);
  perform wake_watchers(array[p_execution]);
  return true;
end $$;

-- Makes tasks pending again, with what was skipped or cancelled because of them. With p_downstream whatever became of them, and everything
-- that hangs on them: attempts under way there are superseded, results are replaced; what a person or the plan skipped stays skipped.
-- The caller settles. Returns the tasks that were reset.
create function reopen(p_execution uuid, p_roots integer[], p_downstream boolean, p_why text) returns text[] language plpgsql as $$
declare
  v_reset text[];
begin
  with recursive again (ordinal) as (
    select unnest(p_roots)
    union
    select d.dependent from again a join task_dependencies d on d.execution_id = p_execution and d.dependency = a.ordinal
      join execution_tasks x on x.execution_id = p_execution and x.ordinal = d.dependent
    where x.skip_cause = 'dependency' or x.status = 'cancelled' or (p_downstream and x.skip_cause is null)
  ),
  superseded as ( -- what succeeded has no row there yet; without its session, so that the next attempt starts anew
    insert into attempts (execution_id, ordinal, attempt, node_id, started_at, finished_at, detail)
    select p_execution, x.ordinal, x.attempt, coalesce(x.node_id, ''), x.started_at, coalesce(x.finished_at, longhaul_now()),
           jsonb_build_object('message', p_why, 'status', x.status)
    from again a join execution_tasks x on x.execution_id = p_execution and x.ordinal = a.ordinal
    where p_downstream and x.status in ('completed', 'in_progress', 'verifying') and x.attempt > 0
    on conflict do nothing
  ),
  reset as (
    update execution_tasks x set status = 'pending', skip_cause = null, failures = 0, not_before = null, message = null, finished_at = null,
      node_id = null, result = case when p_downstream then null else x.result - 'released' end
    from again a where x.execution_id = p_execution and x.ordinal = a.ordinal
    returning x.ordinal, x.task_id
  )
  select array_agg(r.task_id order by r.ordinal) into v_reset from reset r;
  return v_reset;
end $$;

-- Runs failed and cancelled tasks again (all, or one), with what was skipped because of them. With p_downstream one task that has been
-- reached, whatever became of it, and everything that hangs on it. Returns the tasks that were reset.
create function retry(p_execution uuid, p_task_id text, p_downstream boolean) returns text[] language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  t execution_tasks;
  v_roots integer[];
  v_reset text[];
begin
  if p_task_id is not null then
    t := lock_task(p_execution, p_task_id);
    if p_downstream and t.status = 'pending' then
      raise exception 'task % is pending, it has not been reached yet: there is nothing to run again', p_task_id using errcode = 'LH409';
    elsif not p_downstream and t.status not in ('failed', 'cancelled', 'skipped', 'retrying') then
      raise exception 'task % is %, only a failed, cancelled, skipped or retrying task can be retried', p_task_id, t.status
        using errcode = 'LH409';
    end if;
    v_roots := array[t.ordinal];
  else
    v_roots := array(select x.ordinal from execution_tasks x where x.execution_id = p_execution and x.status in ('failed', 'cancelled'));
    if cardinality(v_roots) = 0 then
      raise exception 'execution % has no failed or cancelled task to retry', p_execution using errcode = 'LH409';
    end if;
  end if;
  v_reset := reopen(p_execution, v_roots, p_downstream, 'run again from ' || p_task_id);
  update executions set status = case when status = 'paused' then status when started_at is null then 'queued' else 'running' end,
    reason = case when status = 'paused' then reason end, finished_at = null, consecutive_failures = 0 where id = p_execution;
  perform append_event(p_execution, 'execution.retried', p_task_id, null, jsonb_build_object('tasks', to_jsonb(v_reset), 'downstream', p_downstream));
  perform settle(p_execution);
  perform pg_notify('longhaul_stop', p_execution::text);
  return v_reset;
end $$;

-- A person says that this task need not run: its dependents go on as if it had succeeded.
create function skip(p_execution uuid, p_task_id text) returns boolean language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  t execution_tasks := lock_task(p_execution, p_task_id);
begin
  if t.status = 'skipped' and t.skip_cause = 'user' then return false; end if;
  if t.status = 'completed' or e.status in ('completed', 'cancelled') then
    raise exception 'task % is % in an execution that is %, it cannot be skipped any more', p_task_id, t.status, e.status
      using errcode = 'LH409';
  end if;
  update execution_tasks x set status = 'skipped', skip_cause = 'user', node_id = null, not_before = null, finished_at = longhaul_now(),
    message = 'skipped by a person' where x.execution_id = p_execution and x.ordinal = t.ordinal;
  with recursive below (ordinal) as (
    select d.dependent from task_dependencies d where d.execution_id = p_execution and d.dependency = t.ordinal
    union
    select d.dependent from below b join task_dependencies d on d.execution_id = p_execution and d.dependency = b.ordinal
  )
  update execution_tasks x set status = 'pending', skip_cause = null, message = null, finished_at = null
    from below b where x.execution_id = p_execution and x.ordinal = b.ordinal and (x.skip_cause = 'dependency' or x.status = 'blocked');
  perform append_event(p_execution, 'task.skipped', p_task_id, null, '{"cause": "user"}');
  if e.status = 'failed' then
    update executions set status = 'running', reason = null, finished_at = null where id = p_execution;
  end if;
  perform settle(p_execution);
  perform pg_notify('longhaul_stop', p_execution::text);
  return true;
end $$;

-- The answer to a task that waits for a person: done | failed | skipped. `done` completes it, or lets it run on when what it was held for
-- says so (result.hold.onDone); what was answered is kept in result.released, so that the next attempt does not ask again.
-- p_minutes is how long a person worked on it, where they say so.
create function complete_waiting(p_execution uuid, p_ordinal integer, p_outcome text, p_note text, p_minutes double precision default null)
returns boolean language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  t execution_tasks;
begin
  select * into t from execution_tasks where execution_id = p_execution and ordinal = p_ordinal;
  if not found then raise exception 'no task % in execution %', p_ordinal, p_execution using errcode = 'LH404'; end if;
  if t.status not in ('awaiting_human', 'awaiting_approval') and not (t.status = 'blocked' and t.result ? 'hold') then
    if t.status = (case p_outcome when 'done' then 'completed' else p_outcome end) then return false; end if;
    raise exception 'task % is %, it does not wait for a person', t.task_id, t.status using errcode = 'LH409';
  end if;
  if p_outcome = 'done' and t.result -> 'hold' ->> 'onDone' = 'continue' then
    update execution_tasks x set status = 'queued', message = null, result = (x.result - 'hold') || jsonb_build_object('released',
      coalesce(x.result -> 'released', '[]') || jsonb_build_object('name', x.result -> 'hold' ->> 'name', 'note', p_note, 'at', longhaul_now()))
      where x.execution_id = p_execution and x.ordinal = p_ordinal;
    perform append_event(p_execution, 'task.released', t.task_id, t.attempt,
      jsonb_strip_nulls(jsonb_build_object('by', 'person', 'hold', t.result -> 'hold' ->> 'name', 'message', p_note, 'minutes', p_minutes)));
    perform settle(p_execution);
    return true;
  end if;
  update execution_tasks x set finished_at = longhaul_now(), message = coalesce(p_note, p_outcome || ' by a person'),
    status = case p_outcome when 'done' then 'completed' else p_outcome end,
    skip_cause = case when p_outcome = 'skipped' then 'user' end,
    result = (coalesce(x.result, '{}') - 'hold') || jsonb_build_object('summary', coalesce(p_note, ''))
    where x.execution_id = p_execution and x.ordinal = p_ordinal;
  perform append_event(p_execution, case p_outcome when 'done' then 'task.completed' else 'task.' || p_outcome end, t.task_id, null,
    jsonb_strip_nulls(jsonb_build_object('by', 'person', 'message', p_note, 'minutes', p_minutes)));
  perform settle(p_execution);
  return true;
end $$;
