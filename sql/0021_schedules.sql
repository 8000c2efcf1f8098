-- Plans that recur. A tick is a moment at which a schedule's cron expression says that its plan is to be handed off.
--
-- Any node that can see the plan takes a due schedule for a short time, hands the plan off with an idempotency key that names the tick, and
-- then records the run and the next tick in one statement. A node that is killed in between leaves the schedule due: whoever takes it
-- next hands off with the same key and gets the execution that is there. What was missed while no node ran counts as one tick, the latest.

create table schedules (
  id           uuid primary key,
  name         text not null unique,
  cron         text not null,
  time_zone    text not null,
  overlap      text not null check (overlap in ('skip', 'allow')),
  request      jsonb not null,      -- what is handed off
  place        text,                -- as in 0006_places.sql; null: any node may
  status       text not null default 'active' check (status in ('active', 'paused')),
  next_at      timestamptz not null,
  taken_until  timestamptz,
  created_at   timestamptz not null
);
create index schedules_due on schedules (next_at) where status = 'active';

create table schedule_runs (
  schedule_id  uuid not null references schedules (id) on delete cascade,
  tick         timestamptz not null,
  outcome      text not null check (outcome in ('started', 'skipped', 'failed')),
  executions   uuid[] not null,
  missed       integer not null,    -- earlier ticks that this one stands for
  message      text,
  at           timestamptz not null,
  primary key (schedule_id, tick)
);

-- Takes due schedules for one node; `running` says whether an execution of an earlier run has not ended.
create function due_schedules(p_node text, p_seconds double precision, p_limit integer)
returns table (id uuid, name text, cron text, time_zone text, overlap text, request jsonb, due timestamptz, now timestamptz, running boolean)
language sql volatile as $$
  with due as (
    select s.id from schedules s
    where s.status = 'active' and s.next_at <= longhaul_now() and (s.taken_until is null or s.taken_until < longhaul_now())
      and (s.place is null or s.place = any (select unnest(n.places) from nodes n where n.id = p_node))
    order by s.next_at limit p_limit for update skip locked
  ),
  taken as (
    update schedules s set taken_until = longhaul_now() + p_seconds * interval '1 second' from due where s.id = due.id returning s.*
  )
  select t.id, t.name, t.cron, t.time_zone, t.overlap, t.request, t.next_at, longhaul_now(), exists (
    select from schedule_runs r join executions e on e.id = any (r.executions)
    where r.schedule_id = t.id and e.status not in ('completed', 'failed', 'cancelled'))
  from taken t
$$;

-- Records what became of a tick and when the next one is. False when another node did, or the schedule was changed meanwhile: then only what
-- was started is added.
create function end_tick(p_id uuid, p_due timestamptz, p_tick timestamptz, p_next timestamptz, p_outcome text, p_executions uuid[],
                         p_missed integer, p_message text) returns boolean language plpgsql as $$
declare
  v_current boolean;
begin
  perform from schedules where id = p_id for no key update;
  if not found then return false; end if;
  update schedules set next_at = p_next, taken_until = null where id = p_id and next_at = p_due;
  v_current := found;
  if not v_current and p_outcome <> 'started' then return false; end if;
  insert into schedule_runs (schedule_id, tick, outcome, executions, missed, message, at)
    values (p_id, p_tick, p_outcome, p_executions, p_missed, p_message, longhaul_now()) on conflict do nothing;
  delete from schedule_runs r where r.schedule_id = p_id and r.tick < (
    select o.tick from schedule_runs o where o.schedule_id = p_id order by o.tick desc offset 999 limit 1);
  return v_current;
end $$;
