-- The engine: every transition of an execution or a task is one of these functions, called inside one transaction.
--
--   submit            rows of a plan                      → pending tasks, the roots queued
--   claim             queued → in_progress                attempt + 1 is the fencing number, the lease is the node's
--   start_verifying   in_progress → verifying
--   record_output     appends events of running attempts and moves their output offset
--   finish            in_progress | verifying → completed | failed | retrying | queued, or held: awaiting_human | awaiting_approval | blocked;
--                     unlocks or skips dependents
--   promote           retrying → queued when its time has come
--   (commands of people, in 0003_commands.sql, change states and let `recount` derive the rest)
--
-- Failure story. A node that dies leaves its tasks in_progress; when it comes back it adopts them (same node id, next incarnation),
-- when it stays away its lease runs out and `expired_attempts` hands them to whoever asks, who finishes them as failed under the retry
-- policy. A node that was only frozen finds its attempt number superseded: finish and record_output refuse it, heartbeat tells it to kill.
--
-- The hot functions (claim, finish) are set-based: arrays in, rows out, counters instead of scans. The commands of people are rare, so
-- they change states and then let `recount` derive the rest from the rows.

-- ------------------------------------------------------------------------------------------------------------ event log

create function append_event(p_execution uuid, p_type text, p_task_id text, p_attempt integer, p_data jsonb) returns void
language plpgsql as $$
declare
  v_seq bigint;
begin
  update executions set last_seq = last_seq + 1 where id = p_execution returning last_seq into v_seq;
  insert into execution_events (execution_id, seq, type, task_id, attempt, at, data)
    values (p_execution, v_seq, p_type, p_task_id, p_attempt, longhaul_now(), p_data);
end $$;

-- NOTIFY takes a lock that serialises commits, so it is sent only where somebody listens.
create function wake_watchers(p_executions uuid[]) returns void language plpgsql as $$
begin
  perform pg_notify('longhaul_events', e.id::text) from executions e
    where e.id = any (p_executions) and e.watched_until > longhaul_now();
end $$;

create function wake_nodes(p_except text) returns void language plpgsql as $$
begin
  if exists (select from nodes n where n.sleeping and n.id is distinct from p_except) then
    perform pg_notify('longhaul_ready', '');
  end if;
end $$;

-- ---------------------------------------------------------------------------------------------------------- transitions

-- Ends, blocks, unblocks or halts an execution when its counters say so. The caller holds its lock.
create function conclude(p_execution uuid) returns void language plpgsql as $$
declare
  e executions;
  v_status text;
  v_reason text;
begin
  select * into strict e from executions where id = p_execution;
  if e.status in ('completed', 'failed', 'cancelled') then return; end if;
  if e.completed + e.failed + e.skipped + e.cancelled = e.total then
    v_status := case when e.failed > 0 then 'failed' when e.cancelled > 0 then 'cancelled' else 'completed' end;
    v_reason := case when e.failed > 0 then format('%s of %s tasks failed', e.failed, e.total) end;
  elsif e.consecutive_failures > 3 and e.status in ('queued', 'running', 'blocked') then
    v_status := 'paused';
    v_reason := format('halted after %s consecutive failures', e.consecutive_failures);
  elsif e.status in ('queued', 'running') and e.ready + e.running + e.retrying = 0 and e.waiting > 0 then
    v_status := 'blocked';
    v_reason := format('%s task(s) wait for a person or an outside condition', e.waiting);
  elsif e.status = 'blocked' and e.ready + e.running + e.retrying > 0 then
    v_status := 'running';
  else
    return;
  end if;
  update executions set status = v_status, reason = v_reason,
    finished_at = case when v_status in ('completed', 'failed', 'cancelled') then longhaul_now() end
    where id = p_execution;
  perform append_event(p_execution, case v_status when 'running' then 'execution.resumed' when 'paused' then 'execution.halted'
    else 'execution.' || v_status end, null, null,
    jsonb_strip_nulls(jsonb_build_object('reason', v_reason)));
end $$;

-- Derives pending/queued/skipped and all counters of one execution from its rows. For the rare paths; the caller holds the lock.
-- Nested loops are off because a plan of thousands of tasks that was just inserted looks tiny to the planner.
create function recount(p_execution uuid) returns void language plpgsql set enable_nestloop = off as $$
declare
  v_ready record;
begin
  -- A person had skipped what it depends on, and lets it run after all: whoever has not begun waits again.
  update execution_tasks t set status = 'pending', not_before = null, result = t.result - 'hold'
  where t.execution_id = p_execution and t.status in ('queued', 'retrying', 'awaiting_human', 'awaiting_approval') and exists (
    select from task_dependencies d join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
    where d.execution_id = t.execution_id and d.dependent = t.ordinal
      and u.status <> 'completed' and coalesce(u.skip_cause, '') not in ('user', 'already_done', 'optional'));

  loop -- a failed or cancelled dependency skips what hangs on it, step by step through the graph
    with hopeless as (
      update execution_tasks t set status = 'skipped', skip_cause = 'dependency', finished_at = longhaul_now(),
        message = 'skipped: a task it depends on did not succeed'
      where t.execution_id = p_execution and t.status = 'pending' and exists (
        select from task_dependencies d join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
        where d.execution_id = t.execution_id and d.dependent = t.ordinal
          and (u.status in ('failed', 'cancelled') or u.skip_cause = 'dependency'))
      returning t.task_id
    ) select count(*) as n, array_agg(task_id) as ids into v_ready from hopeless;
    exit when v_ready.n = 0;
    perform append_event(p_execution, 'task.skipped', id, null, '{"cause": "dependency"}') from unnest(v_ready.ids) as id;
  end loop;

  update execution_tasks t set unmet = c.unmet
  from (
    select p.ordinal, count(u.ordinal) filter (where u.status <> 'completed' and coalesce(u.skip_cause, '') not in ('user', 'already_done', 'optional')) as unmet
    from execution_tasks p
    left join task_dependencies d on d.execution_id = p.execution_id and d.dependent = p.ordinal
    left join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
    where p.execution_id = p_execution and p.status = 'pending'
    group by p.ordinal
  ) c
  where t.execution_id = p_execution and t.ordinal = c.ordinal and t.unmet <> c.unmet;

  for v_ready in
    update execution_tasks t set status = t.ready_status where t.execution_id = p_execution and t.status = 'pending' and t.unmet = 0
    returning t.task_id, t.status
  loop
    if v_ready.status <> 'queued' then
      perform append_event(p_execution, 'task.' || v_ready.status, v_ready.task_id, null, '{}');
    end if;
  end loop;
  for v_ready in -- what the plan defers holds its dependents until a person skips the one or the other
    update execution_tasks t set status = 'blocked', message = 'waits for a task that the plan marks as deferred or cancelled'
    where t.execution_id = p_execution and t.status = 'pending' and exists (
      select from task_dependencies d join execution_tasks u on u.execution_id = d.execution_id and u.ordinal = d.dependency
      where d.execution_id = t.execution_id and d.dependent = t.ordinal and u.skip_cause = 'deferred')
    returning t.task_id
  loop
    perform append_event(p_execution, 'task.blocked', v_ready.task_id, null, '{"cause": "deferred"}');
  end loop;

  update executions e set ready = c.ready, running = c.running, retrying = c.retrying, waiting = c.waiting, completed = c.completed,
    failed = c.failed, skipped = c.skipped, cancelled = c.cancelled
  from (
    select count(*) filter (where status = 'queued') as ready,
           count(*) filter (where status in ('in_progress', 'verifying')) as running,
           count(*) filter (where status = 'retrying') as retrying,
           count(*) filter (where status in ('awaiting_human', 'awaiting_approval', 'blocked')) as waiting,
           count(*) filter (where status = 'completed') as completed,
           count(*) filter (where status = 'failed') as failed,
           count(*) filter (where status = 'skipped') as skipped,
           count(*) filter (where status = 'cancelled') as cancelled
    from execution_tasks where execution_id = p_execution
  ) c where e.id = p_execution;
end $$;

-- The end of every command: derive, conclude, wake whoever waits. Returns the state that the execution is now in.
create function settle(p_execution uuid) returns text language plpgsql as $$
declare
  v_status text;
begin
  perform recount(p_execution);
  perform conclude(p_execution);
  perform wake_nodes(null);
  perform wake_watchers(array[p_execution]);
  select status into v_status from executions where id = p_execution;
  return v_status;
end $$;

-- The columns of p_tasks are arrays by the task's place in the plan, those of edges name such places.
create function submit(p_execution jsonb, p_plan jsonb, p_task_id text[], p_leaf boolean[], p_parent integer[], p_kind text[],
                       p_priority smallint[], p_ready_status text[], p_max_attempts integer[], p_skip_cause text[], p_spec jsonb[],
                       p_dependency integer[], p_dependent integer[])
returns table (execution_id uuid, status text, created boolean) language plpgsql set enable_nestloop = off as $$
#variable_conflict use_column
declare
  v_id uuid := (p_execution ->> 'id')::uuid;
  v_plan uuid := (p_plan ->> 'id')::uuid;
  v_key text := p_execution ->> 'idempotencyKey';
  v_known idempotency_keys;
begin
  if v_key is not null then
    insert into idempotency_keys (key, execution_id, digest) values (v_key, v_id, p_execution ->> 'digest') on conflict do nothing;
    if not found then
      select * into strict v_known from idempotency_keys k where k.key = v_key;
      if v_known.digest <> p_execution ->> 'digest' then
        raise exception 'the idempotency key % was used for another plan, execution %', v_key, v_known.execution_id
          using errcode = 'LH409';
      end if;
      return query select e.id, e.status, false from executions e where e.id = v_known.execution_id;
      return;
    end if;
  end if;
  insert into conversations (id) values (p_plan ->> 'conversationId') on conflict do nothing;
  insert into plans (id, conversation_id, source, title, document, report)
    values (v_plan, p_plan ->> 'conversationId', p_plan ->> 'source', p_plan ->> 'title', p_plan -> 'document', p_plan -> 'report');
  insert into plan_tasks (plan_id, ordinal, task_id, leaf, spec)
    select v_plan, t.place - 1, t.task_id, t.leaf, t.spec
    from unnest(p_task_id, p_leaf, p_spec) with ordinality as t(task_id, leaf, spec, place);
  insert into plan_subtasks (plan_id, parent, child)
    select v_plan, t.parent, t.place - 1 from unnest(p_parent) with ordinality as t(parent, place) where t.parent is not null;
  insert into task_dependencies (execution_id, dependency, dependent)
    select distinct v_id, d.dependency, d.dependent from unnest(p_dependency, p_dependent) as d(dependency, dependent);
  insert into execution_tasks (execution_id, ordinal, task_id, kind, priority, status, ready_status, max_attempts, skip_cause, unmet)
    select v_id, g.place - 1, g.task_id, g.kind, g.priority,
           case when g.skip_cause is not null then 'skipped' when h.unmet is null and g.ready_status = 'queued' then 'queued' else 'pending' end,
           g.ready_status, g.max_attempts, g.skip_cause, coalesce(h.unmet, 0)
    from unnest(p_task_id, p_leaf, p_kind, p_priority, p_ready_status, p_max_attempts, p_skip_cause) with ordinality
      as g(task_id, leaf, kind, priority, ready_status, max_attempts, skip_cause, place)
    left join (
      select d.dependent, count(*)::integer as unmet
      from (select distinct x.dependency, x.dependent from unnest(p_dependency, p_dependent) as x(dependency, dependent)) d
      where coalesce(p_skip_cause[d.dependency + 1], 'deferred') = 'deferred'
      group by d.dependent
    ) h on h.dependent = g.place - 1
    where g.leaf;
  insert into executions (id, plan_id, conversation_id, status, priority, options, workspace, place, max_running, total, skipped, ready, created_at)
    select v_id, v_plan, p_plan ->> 'conversationId', 'queued', (p_execution ->> 'priority')::smallint, p_execution -> 'options',
           p_execution ->> 'workspace', p_execution ->> 'place', (p_execution ->> 'maxRunning')::integer, count(*), count(*) filter (where t.status = 'skipped'),
           count(*) filter (where t.status = 'queued'), longhaul_now()
    from execution_tasks t where t.execution_id = v_id;
  perform append_event(v_id, 'execution.created', null, null,
    jsonb_build_object('title', p_plan ->> 'title', 'planId', v_plan, 'conversationId', p_plan ->> 'conversationId'));
  if 'deferred' = any (p_skip_cause) or exists (
      select from execution_tasks t where t.execution_id = v_id and t.status = 'pending' and t.unmet = 0) then
    perform recount(v_id); -- the plan defers something, or a root waits for a person
  end if;
  perform conclude(v_id);
  perform wake_nodes(null);
  return query select e.id, e.status, true from executions e where e.id = v_id;
end $$;

create function claim(p_node text, p_incarnation bigint, p_slots integer, p_kinds text[], p_free integer[])
returns table (execution_id uuid, plan_id uuid, ordinal integer, attempt integer, failures integer, spec jsonb)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  v_now timestamptz := longhaul_now();
  v_places text[];
  v_candidates uuid[];
  v_limit record;
  v_elsewhere integer;   -- tasks of kind agent run on other machines: they take no slot of this node
begin
  select n.places into v_places from nodes n where n.id = p_node and n.incarnation = p_incarnation;
  if not found then
    raise exception 'node % has a newer incarnation than %', p_node, p_incarnation using errcode = 'LH410';
  end if;
  for v_limit in select l.kind, l.max_running from concurrency_limits l order by l.kind for update loop
    declare
      v_running integer;
    begin
      select count(*) into v_running from executions e join execution_tasks t on t.execution_id = e.id
        where e.status in ('running', 'paused', 'blocked') and e.running > 0 and t.node_id is not null
          and (v_limit.kind = '*' or t.kind = v_limit.kind);
      if v_limit.kind = '*' then
        p_slots := least(p_slots, v_limit.max_running - v_running);
      else
        p_free := array(select case when k.kind = v_limit.kind then greatest(least(k.free, v_limit.max_running - v_running), 0)
                          else k.free end
                        from unnest(p_kinds, p_free) with ordinality as k(kind, free, position) order by k.position);
      end if;
    end;
  end loop;
  p_slots := greatest(p_slots, 0);
  v_elsewhere := coalesce(p_free[array_position(p_kinds, 'agent')], 0);
  if p_slots + v_elsewhere = 0 then return; end if;

  -- Priority first, then whoever has the least running, then whoever was served longest ago.
  v_candidates := array(
    select e.id from executions e
    where e.status in ('queued', 'running') and e.ready > 0 and e.running < e.max_running
      and (e.place is null or e.place = any (v_places))
      and (p_slots > 0 or exists (select from execution_tasks t where t.execution_id = e.id and t.status = 'queued' and t.kind = 'agent'))
    order by e.priority desc, e.running, e.claimed_at nulls first, e.id
    limit p_slots + v_elsewhere);
  if cardinality(v_candidates) = 0 then return; end if;
  perform from executions e where e.id = any (v_candidates) order by e.id for no key update;

  return query
  with offered as (
    select e.id as execution_id, t.ordinal, t.kind, t.free, e.priority as execution_priority, e.claimed_at, e.running, t.task_priority,
           row_number() over (partition by e.id order by t.task_priority desc, t.ordinal) as position, e.max_running
    from executions e
    cross join lateral (
      select q.ordinal, k.kind, k.free, q.priority as task_priority
      from unnest(p_kinds, p_free) as k(kind, free)
      cross join lateral (
        select t.ordinal, t.priority from execution_tasks t
        where t.execution_id = e.id and t.status = 'queued' and t.kind = k.kind
        order by t.priority desc, t.ordinal
        limit least(case when k.kind = 'agent' then k.free else p_slots end, k.free, e.max_running - e.running)) q
    ) t
    where e.id = any (v_candidates) and e.status in ('queued', 'running') and e.running < e.max_running
  ),
  fair as (
    select o.*, row_number() over (partition by o.kind order by o.execution_priority desc, o.running + o.position, o.claimed_at nulls first,
                                   o.execution_id) as within_kind
    from offered o where o.running + o.position <= o.max_running
  ),
  chosen as (
    select c.execution_id, c.ordinal from (
      select f.execution_id, f.ordinal, f.kind, row_number() over (partition by f.kind = 'agent'
               order by f.execution_priority desc, f.running + f.position, f.claimed_at nulls first, f.execution_id) as place
      from fair f where f.within_kind <= f.free) c
    where c.kind = 'agent' or c.place <= p_slots
  ),
  taken as (
    update execution_tasks t set status = 'in_progress', attempt = t.attempt + 1, node_id = p_node, started_at = v_now,
      finished_at = null, output_offset = 0, message = null
    from chosen c where t.execution_id = c.execution_id and t.ordinal = c.ordinal
    returning t.execution_id, t.ordinal, t.task_id, t.kind, t.attempt, t.failures
  ),
  counted as (
    update executions e set status = 'running', running = e.running + n.n, ready = e.ready - n.n, claimed_at = v_now,
      started_at = coalesce(e.started_at, v_now), last_seq = e.last_seq + n.n + (e.started_at is null)::integer
    from (select x.execution_id, count(*)::integer as n from taken x group by x.execution_id) n where e.id = n.execution_id
    returning e.id, e.last_seq - n.n as base, e.plan_id
  ),
  logged as (
    insert into execution_events (execution_id, seq, type, task_id, attempt, at, data)
    select x.execution_id, c.base + row_number() over (partition by x.execution_id order by x.ordinal), 'task.started', x.task_id,
           x.attempt, v_now, jsonb_build_object('node', p_node, 'kind', x.kind)
    from taken x join counted c on c.id = x.execution_id
  ),
  begun as ( -- read beside its own update, executions still shows the row from before it
    insert into execution_events (execution_id, seq, type, at, data)
    select c.id, c.base, 'execution.started', v_now, '{}' from counted c join executions e on e.id = c.id where e.started_at is null
  )
  select x.execution_id, c.plan_id, x.ordinal, x.attempt, x.failures, p.spec
  from taken x join counted c on c.id = x.execution_id join plan_tasks p on p.plan_id = c.plan_id and p.ordinal = x.ordinal
  order by x.execution_id, x.ordinal;
  perform wake_watchers(v_candidates);
end $$;

create function start_verifying(p_execution uuid, p_ordinal integer, p_attempt integer) returns boolean language plpgsql as $$
declare
  v_task_id text;
begin
  perform from executions where id = p_execution for no key update;
  update execution_tasks set status = 'verifying'
    where execution_id = p_execution and ordinal = p_ordinal and attempt = p_attempt and status in ('in_progress', 'verifying')
    returning task_id into v_task_id;
  if v_task_id is null then return false; end if;
  perform append_event(p_execution, 'task.verifying', v_task_id, p_attempt, '{}');
  perform wake_watchers(array[p_execution]);
  return true;
end $$;

-- Entry i says: the output of one attempt was read from p_from[i] to p_to[i]. Event j belongs to entry p_entry[j] (from 1).
-- Returns the entries that are recorded now; the others belong to superseded attempts.
create function record_output(p_execution uuid[], p_ordinal integer[], p_attempt integer[], p_from bigint[], p_to bigint[],
                              p_entry integer[], p_type text[], p_data jsonb[])
returns setof integer language plpgsql as $$
begin
  perform from executions e where e.id = any (p_execution) order by e.id for no key update;
  return query
  with given as (
    select g.* from unnest(p_execution, p_ordinal, p_attempt, p_from, p_to)
      with ordinality as g(execution_id, ordinal, attempt, from_offset, to_offset, entry)
  ),
  moved as (
    update execution_tasks t set output_offset = g.to_offset from given g
    where t.execution_id = g.execution_id and t.ordinal = g.ordinal and t.attempt = g.attempt
      and t.status in ('in_progress', 'verifying') and t.output_offset = g.from_offset
    returning t.execution_id, t.task_id, t.attempt, g.entry
  ),
  events as (
    select m.execution_id, m.task_id, m.attempt, m.entry, v.type, v.data,
           row_number() over (partition by m.execution_id order by m.entry, v.position) as offset_in_execution
    from moved m join unnest(p_entry, p_type, p_data) with ordinality as v(entry, type, data, position) on v.entry = m.entry
  ),
  counted as (
    update executions e set last_seq = e.last_seq + n.n
    from (select x.execution_id, count(*) as n from events x group by x.execution_id) n where e.id = n.execution_id
    returning e.id, e.last_seq - n.n as base
  ),
  logged as (
    insert into execution_events (execution_id, seq, type, task_id, attempt, at, data)
    select x.execution_id, c.base + x.offset_in_execution, x.type, x.task_id, x.attempt, longhaul_now(), x.data
    from events x join counted c on c.id = x.execution_id
  )
  select m.entry::integer from moved m
  union all -- the same call again, after its answer was lost
  select g.entry::integer from given g join execution_tasks t on t.execution_id = g.execution_id and t.ordinal = g.ordinal
    and t.attempt = g.attempt and t.status in ('in_progress', 'verifying')
  where g.to_offset > g.from_offset and t.output_offset >= g.to_offset;
  perform wake_watchers(p_execution);
end $$;

-- p_outcome: succeeded | failed | retry | release | hold. `retry` and `release` are the caller's reading of the retry policy; the count of attempts
-- is checked here again. p_detail: {message, failureClass, burns, delayMs, hold, result, costUsd, tokens}.
create function finish(p_node text, p_execution uuid[], p_ordinal integer[], p_attempt integer[], p_outcome text[], p_detail jsonb[])
returns table (execution_id uuid, ordinal integer, attempt integer, status text)
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  v_now timestamptz := longhaul_now();
  v_execution uuid;
begin
  perform from executions e where e.id = any (p_execution) order by e.id for no key update;

  return query
  with given as (
    select g.* from unnest(p_execution, p_ordinal, p_attempt, p_outcome, p_detail)
      as g(execution_id, ordinal, attempt, outcome, detail)
  ),
  judged as (
    select g.*, coalesce((g.detail ->> 'burns')::boolean, true)::integer as burns,
           case when g.outcome = 'succeeded' then 'completed'
                when g.outcome = 'release' then 'queued'
                when g.outcome = 'hold' then case g.detail -> 'hold' ->> 'waitFor' when 'approval' then 'awaiting_approval'
                                               when 'external' then 'blocked' else 'awaiting_human' end
                when g.outcome = 'retry' and (t.failures + 1 < t.max_attempts or not coalesce((g.detail ->> 'burns')::boolean, true))
                  then 'retrying'
                else 'failed' end as next, t.started_at as began, t.node_id as by_node
    from given g
    join execution_tasks t on t.execution_id = g.execution_id and t.ordinal = g.ordinal and t.attempt = g.attempt
      and t.status in ('in_progress', 'verifying')
  ),
  ended as (
    update execution_tasks t set status = j.next, node_id = null, message = j.detail ->> 'message',
      result = case when j.outcome = 'hold' then coalesce(j.detail -> 'result', '{}') || jsonb_build_object('hold', j.detail -> 'hold')
                    else j.detail -> 'result' end,
      failures = t.failures + case when j.next in ('failed', 'retrying') then j.burns else 0 end,
      not_before = case when j.next = 'retrying' then v_now + coalesce((j.detail ->> 'delayMs')::double precision, 0) * interval '1 millisecond' end,
      finished_at = case when j.next in ('completed', 'failed') then v_now end
    from judged j where t.execution_id = j.execution_id and t.ordinal = j.ordinal
    returning t.execution_id, t.ordinal, t.task_id, t.attempt, t.status, t.not_before, t.failures, j.outcome, j.detail, j.began, j.by_node
  ),
  freed as (
    select d.execution_id, d.dependent, count(*)::integer as n
    from ended x join task_dependencies d on d.execution_id = x.execution_id and d.dependency = x.ordinal
    where x.status = 'completed' group by d.execution_id, d.dependent
  ),
  unlocked as (
    update execution_tasks t set unmet = t.unmet - f.n, status = case when t.unmet = f.n then t.ready_status else t.status end
    from freed f where t.execution_id = f.execution_id and t.ordinal = f.dependent and t.status = 'pending'
    returning t.execution_id, t.ordinal, t.task_id, t.status
  ),
  events as (
    select x.execution_id, x.ordinal, x.task_id, x.attempt,
           case x.status when 'queued' then 'task.released' else 'task.' || x.status end as type,
           jsonb_strip_nulls(jsonb_build_object('message', x.detail ->> 'message', 'failureClass', x.detail ->> 'failureClass',
             'durationMs', round(extract(epoch from v_now - x.began) * 1000), 'notBefore', x.not_before, 'hold', x.detail -> 'hold')) as data
    from ended x
    union all
    select u.execution_id, u.ordinal, u.task_id, null, 'task.' || u.status, '{}'::jsonb from unlocked u
    where u.status in ('awaiting_human', 'awaiting_approval')
  ),
  tally as (
    select n.execution_id, sum(n.ended)::integer as ended, sum(n.ready)::integer as ready, sum(n.waiting)::integer as waiting,
           sum(n.held)::integer as held, sum(n.completed)::integer as completed, sum(n.failed)::integer as failed, sum(n.retrying)::integer as retrying,
           sum(n.cost) as cost, sum(n.tokens)::bigint as tokens
    from (
      select x.execution_id, 1 as ended, (x.status = 'queued')::integer as ready, 0 as waiting,
             (x.outcome = 'hold')::integer as held, (x.status = 'completed')::integer as completed,
             (x.status = 'failed')::integer as failed, (x.status = 'retrying')::integer as retrying,
             coalesce((x.detail ->> 'costUsd')::double precision, 0) as cost, coalesce((x.detail ->> 'tokens')::bigint, 0) as tokens
      from ended x
      union all
      select u.execution_id, 0, (u.status = 'queued')::integer, (u.status in ('awaiting_human', 'awaiting_approval'))::integer, 0, 0, 0, 0, 0, 0
      from unlocked u where u.status <> 'pending'
    ) n group by n.execution_id
  ),
  counted as (
    update executions e set running = e.running - y.ended, ready = e.ready + y.ready, waiting = e.waiting + y.waiting + y.held,
      retrying = e.retrying + y.retrying, completed = e.completed + y.completed, failed = e.failed + y.failed,
      consecutive_failures = case when y.completed > 0 then 0 else e.consecutive_failures + y.failed end,
      cost_usd = e.cost_usd + y.cost, tokens = e.tokens + y.tokens,
      last_seq = e.last_seq + y.ended + y.waiting
    from tally y where e.id = y.execution_id
    returning e.id, e.last_seq - y.ended - y.waiting as base
  ),
  logged as (
    insert into execution_events (execution_id, seq, type, task_id, attempt, at, data)
    select v.execution_id, c.base + row_number() over (partition by v.execution_id order by v.attempt is null, v.ordinal), v.type,
           v.task_id, v.attempt, v_now, v.data
    from events v join counted c on c.id = v.execution_id
  ),
  kept as (
    insert into attempts (execution_id, ordinal, attempt, node_id, failure_class, started_at, finished_at, detail)
    select x.execution_id, x.ordinal, x.attempt, x.by_node, x.detail ->> 'failureClass', x.began, v_now, x.detail
    from ended x where x.status in ('failed', 'retrying')
  )
  select x.execution_id, x.ordinal, x.attempt, x.status from ended x;

  if 'failed' = any (p_outcome) or 'retry' = any (p_outcome) then -- rare: what hangs on a failed task is skipped
    for v_execution in select distinct x.id from unnest(p_execution) as x(id) join executions e on e.id = x.id where e.failed > 0 loop
      perform recount(v_execution);
    end loop;
  end if;
  for v_execution in
    select e.id from executions e where e.id = any (p_execution)
      and ((e.running = 0 and e.ready = 0) or e.consecutive_failures > 3) and e.status not in ('completed', 'failed', 'cancelled')
  loop
    perform conclude(v_execution);
  end loop;
  perform wake_nodes(p_node);
  perform wake_watchers(p_execution);
end $$;

-- Retries whose time has come. Returns how many, and when the next one is due.
create function promote() returns table (promoted integer, next_due timestamptz) language plpgsql as $$
declare
  v_now timestamptz := longhaul_now();
  v_executions uuid[];
  v_count integer := 0;
begin
  v_executions := array(select distinct e.id from executions e join execution_tasks t on t.execution_id = e.id
    where e.status in ('running', 'paused', 'blocked') and e.retrying > 0 and t.status = 'retrying' and t.not_before <= v_now);
  if cardinality(v_executions) > 0 then
    perform from executions e where e.id = any (v_executions) order by e.id for no key update;
    with due as (
      update execution_tasks t set status = 'queued', not_before = null
      where t.execution_id = any (v_executions) and t.status = 'retrying' and t.not_before <= v_now
      returning t.execution_id
    ),
    counted as (
      update executions e set ready = e.ready + n.n, retrying = e.retrying - n.n
      from (select d.execution_id, count(*)::integer as n from due d group by d.execution_id) n where e.id = n.execution_id
    )
    select count(*) into v_count from due;
    perform wake_nodes(null);
  end if;
  return query select v_count, (select min(t.not_before) from executions e join execution_tasks t on t.execution_id = e.id
    where e.status in ('running', 'paused', 'blocked') and e.retrying > 0 and t.status = 'retrying');
end $$;

-- ------------------------------------------------------------------------------------------------------------------ fleet

-- Registers a start of a node. What an earlier process of the same node was running is its to adopt.
create function register_node(p_node text, p_version text, p_lease_seconds double precision) returns bigint language sql as $$
  insert into nodes (id, incarnation, lease_until, version, started_at)
    values (p_node, 1, longhaul_now() + p_lease_seconds * interval '1 second', p_version, longhaul_now())
  on conflict (id) do update set incarnation = nodes.incarnation + 1, lease_until = excluded.lease_until, sleeping = false,
    version = excluded.version, started_at = excluded.started_at
  returning incarnation
$$;

-- Extends the node's lease and returns those of the given attempts that are no longer the node's to run: kill them.
create function heartbeat(p_node text, p_incarnation bigint, p_lease_seconds double precision,
                          p_execution uuid[], p_ordinal integer[], p_attempt integer[])
returns table (execution_id uuid, ordinal integer, attempt integer) language plpgsql as $$
#variable_conflict use_column
begin
  update nodes set lease_until = longhaul_now() + p_lease_seconds * interval '1 second' where id = p_node and incarnation = p_incarnation;
  if not found then
    raise exception 'node % has a newer incarnation than %', p_node, p_incarnation using errcode = 'LH410';
  end if;
  return query
    select g.execution_id, g.ordinal, g.attempt from unnest(p_execution, p_ordinal, p_attempt) as g(execution_id, ordinal, attempt)
    where not exists (select from execution_tasks t where t.execution_id = g.execution_id and t.ordinal = g.ordinal
      and t.attempt = g.attempt and t.node_id = p_node);
end $$;

create function set_sleeping(p_node text, p_sleeping boolean) returns void language sql as $$
  update nodes set sleeping = p_sleeping where id = p_node and sleeping <> p_sleeping
$$;

create function expired_attempts() returns table (execution_id uuid, plan_id uuid, ordinal integer, attempt integer, failures integer, spec jsonb)
language sql as $$
  select t.execution_id, e.plan_id, t.ordinal, t.attempt, t.failures, p.spec
  from executions e
  join execution_tasks t on t.execution_id = e.id
  join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal
  left join nodes n on n.id = t.node_id
  where e.status in ('running', 'paused', 'blocked') and e.running > 0 and t.node_id is not null
    and (n.id is null or n.lease_until < longhaul_now())
$$;
