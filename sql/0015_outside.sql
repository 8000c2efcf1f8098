-- What tasks that act on the outside world share: the pace at which hosts are called, and the conditions that are waited for.
--
--   host_pace   one row per host, for all executions and nodes together. `next_at` is when the next call would be due if calls came evenly;
--               a call may come as much earlier as a burst allows. `held_until` is what the host itself asked for (Retry-After).
--   waits       tasks of kind wait that are held as `blocked`: no slot, no process, no lease. A node that may have the execution looks at
--               the condition when it is due and takes the row for as long as a look may take, so that a node that dies delays one look.

create table host_pace (
  host        text primary key,        -- name and port
  next_at     timestamptz not null,
  held_until  timestamptz not null default '-infinity'
);

-- Takes a place in the host's pace when it comes within p_patience seconds. Returns whether it did, and how long to wait for it (or before
-- asking again).
create function admit_host(p_host text, p_interval double precision, p_burst integer, p_patience double precision)
returns table (admitted boolean, wait_seconds double precision) language plpgsql as $$
declare
  v_now timestamptz := longhaul_now();
  v_row host_pace;
  v_at timestamptz;
begin
  insert into host_pace (host, next_at) values (p_host, v_now) on conflict do nothing;
  select * into strict v_row from host_pace h where h.host = p_host for update;
  v_at := greatest(v_now, v_row.held_until, v_row.next_at - (p_burst - 1) * p_interval * interval '1 second');
  if v_at > v_now + p_patience * interval '1 second' then
    return query select false, extract(epoch from v_at - v_now)::double precision;
    return;
  end if;
  update host_pace h set next_at = greatest(v_row.next_at, v_now) + p_interval * interval '1 second' where h.host = p_host;
  return query select true, extract(epoch from v_at - v_now)::double precision;
end $$;

create function hold_host(p_host text, p_seconds double precision) returns void language sql as $$
  insert into host_pace (host, next_at, held_until) values (p_host, longhaul_now(), longhaul_now() + p_seconds * interval '1 second')
  on conflict (host) do update set held_until = greatest(host_pace.held_until, excluded.held_until)
$$;

create table waits (
  execution_id  uuid not null references executions (id) on delete cascade,
  ordinal       integer not null,
  looks         integer not null default 1,
  began_at      timestamptz not null,
  due_at        timestamptz not null,
  looked_by     text,                    -- the node that looks right now; due_at is then when others may
  primary key (execution_id, ordinal)
);
create index waits_due on waits (due_at);

-- Begins to wait: the first look has been. Again for the same attempt (after a kill) it changes nothing but the time of the next look.
create function begin_wait(p_execution uuid, p_ordinal integer, p_seconds double precision) returns void language sql as $$
  insert into waits (execution_id, ordinal, began_at, due_at)
    values (p_execution, p_ordinal, longhaul_now(), longhaul_now() + p_seconds * interval '1 second')
  on conflict (execution_id, ordinal) do update set due_at = excluded.due_at, looked_by = null
$$;

-- Conditions to look at now, each given to one node for p_lease seconds. What no longer waits is forgotten; what is paused rests.
create function due_waits(p_node text, p_limit integer, p_lease double precision)
returns table (execution_id uuid, ordinal integer, attempt integer, looks integer, waited_seconds double precision, spec jsonb)
language plpgsql as $$
#variable_conflict use_column
begin
  delete from waits w where w.due_at < longhaul_now() - interval '1 minute' and not exists (
    select from execution_tasks t where t.execution_id = w.execution_id and t.ordinal = w.ordinal
      and ((t.status = 'blocked' and t.result -> 'hold' ->> 'name' = 'wait') or t.status in ('in_progress', 'verifying')));
  return query
  with due as (
    select w.execution_id, w.ordinal from waits w
    join executions e on e.id = w.execution_id
    join execution_tasks t on t.execution_id = w.execution_id and t.ordinal = w.ordinal
    join nodes n on n.id = p_node
    where w.due_at <= longhaul_now() and e.status in ('queued', 'running', 'blocked')
      and (e.place is null or e.place = any (n.places))
      and t.status = 'blocked' and t.result -> 'hold' ->> 'name' = 'wait'
    order by w.due_at limit p_limit for update of w skip locked
  ),
  taken as (
    update waits w set due_at = longhaul_now() + p_lease * interval '1 second', looks = w.looks + 1, looked_by = p_node
    from due d where w.execution_id = d.execution_id and w.ordinal = d.ordinal
    returning w.execution_id, w.ordinal, w.looks, w.began_at
  )
  select k.execution_id, k.ordinal, t.attempt, k.looks, extract(epoch from longhaul_now() - k.began_at)::double precision, p.spec
  from taken k join executions e on e.id = k.execution_id
  join execution_tasks t on t.execution_id = k.execution_id and t.ordinal = k.ordinal
  join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = k.ordinal;
end $$;

-- What an earlier process of this node was looking at when it ended is due at once.
create function retake_waits(p_node text) returns void language sql as $$
  update waits set due_at = longhaul_now(), looked_by = null where looked_by = p_node
$$;

create function next_wait_due(p_node text) returns timestamptz language sql stable as $$
  select min(w.due_at) from waits w join executions e on e.id = w.execution_id join nodes n on n.id = p_node
  where e.status in ('queued', 'running', 'blocked') and (e.place is null or e.place = any (n.places))
$$;

-- What a look found: `met` lets the task run on, `expired` asks a person, null looks again in p_seconds. False when it does not wait any more.
create function end_look(p_execution uuid, p_ordinal integer, p_found text, p_message text, p_seconds double precision) returns boolean
language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  t execution_tasks;
begin
  select * into t from execution_tasks where execution_id = p_execution and ordinal = p_ordinal;
  if t.status is distinct from 'blocked' or t.result -> 'hold' ->> 'name' is distinct from 'wait' then
    delete from waits where execution_id = p_execution and ordinal = p_ordinal;
    return false;
  end if;
  if p_found is null then
    update waits set due_at = longhaul_now() + p_seconds * interval '1 second', looked_by = null
      where execution_id = p_execution and ordinal = p_ordinal;
    update execution_tasks set message = p_message where execution_id = p_execution and ordinal = p_ordinal;
    return true;
  end if;
  delete from waits where execution_id = p_execution and ordinal = p_ordinal;
  if p_found = 'met' then
    update execution_tasks x set status = 'queued', message = null, result = (x.result - 'hold') || jsonb_build_object('released',
      coalesce(x.result -> 'released', '[]') || jsonb_build_object('name', 'wait', 'note', p_message, 'at', longhaul_now()))
      where x.execution_id = p_execution and x.ordinal = p_ordinal;
    perform append_event(p_execution, 'task.released', t.task_id, t.attempt, jsonb_build_object('by', 'condition', 'message', p_message));
  else
    update execution_tasks x set status = 'awaiting_human', message = p_message,
      result = jsonb_set(x.result, '{hold}', jsonb_build_object('name', 'wait-expired', 'waitFor', 'human', 'onDone', 'continue'))
      where x.execution_id = p_execution and x.ordinal = p_ordinal;
    perform append_event(p_execution, 'task.awaiting_human', t.task_id, t.attempt, jsonb_build_object('message', p_message));
  end if;
  perform settle(p_execution);
  return true;
end $$;
