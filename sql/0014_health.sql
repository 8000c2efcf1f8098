-- Health alerts: what was out of bounds, said once when it begins and once when it is over.
--
--   (nothing) ──raise──▶ open ──clear──▶ closed ──raise──▶ open again
--
-- A row per subject and metric keeps whether the alert stands, so that a node that starts anew, or a second one, does not say it again. Raising
-- and clearing append `health.warning` and `health.recovered` in the same transaction. Alerts of an attempt that has ended mean nothing any more;
-- readers leave them out, nobody has to close them.

create table health_alerts (
  execution_id  uuid not null references executions (id) on delete cascade deferrable initially deferred,
  ordinal       integer not null,            -- -1: of the execution, not of a task
  attempt       integer not null,
  metric        text not null,
  subject       text not null default '',    -- what it was measured of, where an attempt has several: node and folder of a disk
  level         text not null check (level in ('warning', 'critical')),
  message       text not null,
  paused        boolean not null default false,   -- the execution was paused because of it, and nobody has resumed it since
  raised_at     timestamptz not null,
  cleared_at    timestamptz,
  primary key (execution_id, ordinal, attempt, metric, subject)
);
create index health_alerts_open on health_alerts (execution_id) where cleared_at is null;

-- Returns whether this said something new; false also when the attempt was superseded.
create function raise_health(p_execution uuid, p_ordinal integer, p_attempt integer, p_metric text, p_subject text, p_level text,
                             p_message text, p_data jsonb) returns boolean language plpgsql as $$
declare
  v_task_id text;
begin
  perform from executions where id = p_execution for no key update;
  if p_ordinal >= 0 then
    select t.task_id into v_task_id from execution_tasks t
      where t.execution_id = p_execution and t.ordinal = p_ordinal and t.attempt = p_attempt and t.status in ('in_progress', 'verifying');
    if not found then return false; end if;
  end if;
  insert into health_alerts as a (execution_id, ordinal, attempt, metric, subject, level, message, raised_at)
    values (p_execution, p_ordinal, p_attempt, p_metric, p_subject, p_level, p_message, longhaul_now())
    on conflict (execution_id, ordinal, attempt, metric, subject) do update
      set level = excluded.level, message = excluded.message, raised_at = excluded.raised_at, cleared_at = null
      where a.cleared_at is not null or a.level <> excluded.level;
  if not found then return false; end if;
  perform append_event(p_execution, 'health.warning', v_task_id, nullif(p_attempt, 0),
    jsonb_build_object('metric', p_metric, 'level', p_level, 'message', p_message) || p_data);
  perform wake_watchers(array[p_execution]);
  return true;
end $$;

create function clear_health(p_execution uuid, p_ordinal integer, p_attempt integer, p_metric text, p_subject text, p_message text)
returns boolean language plpgsql as $$
declare
  v_task_id text;
begin
  perform from executions where id = p_execution for no key update;
  update health_alerts a set cleared_at = longhaul_now()
    where a.execution_id = p_execution and a.ordinal = p_ordinal and a.attempt = p_attempt and a.metric = p_metric and a.subject = p_subject
      and a.cleared_at is null;
  if not found then return false; end if;
  select t.task_id into v_task_id from execution_tasks t where t.execution_id = p_execution and t.ordinal = p_ordinal;
  perform append_event(p_execution, 'health.recovered', v_task_id, nullif(p_attempt, 0),
    jsonb_build_object('metric', p_metric, 'message', p_message));
  perform wake_watchers(array[p_execution]);
  return true;
end $$;

-- A disk of a node is short of room: every execution that the node works on is told. Critical also pauses it, before its next write fails.
-- A node that is alone is also told to whom the queued ones belong. Returns the executions that were told.
create function raise_disk(p_node text, p_path text, p_level text, p_message text, p_data jsonb) returns uuid[] language plpgsql as $$
declare
  v_subject text := p_node || ':' || p_path;
  v_alone boolean := not exists (select from nodes n where n.id <> p_node and n.lease_until > longhaul_now());
  v_executions uuid[];
  v_told uuid[] := '{}';
  v_id uuid;
  v_reason text;
begin
  v_executions := array(
    select e.id from executions e
    where e.status in ('queued', 'running', 'blocked')
      and ((v_alone and e.ready + e.retrying > 0)
        or (e.running > 0 and exists (select from execution_tasks t where t.execution_id = e.id and t.node_id = p_node)))
    order by e.id);
  foreach v_id in array v_executions loop
    if raise_health(v_id, -1, 0, 'disk', v_subject, p_level, p_message, p_data) then v_told := v_told || v_id; end if;
    -- One that a person resumed in spite of it is left alone.
    if p_level = 'critical'
        and not exists (select from rollbacks r where r.execution_id = v_id and r.status = 'intended')
        and exists (select from executions e where e.id = v_id and e.status in ('queued', 'running', 'blocked')) then
      update health_alerts a set paused = true
        where a.execution_id = v_id and a.ordinal = -1 and a.attempt = 0 and a.metric = 'disk' and a.subject = v_subject and not a.paused
        returning a.message into v_reason;
      if found then perform pause(v_id, v_reason); end if;
    end if;
  end loop;
  return v_told;
end $$;

-- There is room again: says so, and resumes what was paused for it and still stands as it was left.
create function clear_disk(p_node text, p_path text, p_message text) returns uuid[] language plpgsql as $$
declare
  v_subject text := p_node || ':' || p_path;
  v_alert health_alerts;
  v_resumed uuid[] := '{}';
begin
  for v_alert in
    select a.* from health_alerts a join executions e on e.id = a.execution_id
    where a.metric = 'disk' and a.subject = v_subject and a.cleared_at is null
    order by a.execution_id
  loop
    if exists (select from executions e where e.id = v_alert.execution_id and e.finished_at is not null) then
      update health_alerts a set cleared_at = longhaul_now()
        where a.execution_id = v_alert.execution_id and a.metric = 'disk' and a.subject = v_subject;
      continue;
    end if;
    perform clear_health(v_alert.execution_id, -1, 0, 'disk', v_subject, p_message);
    update health_alerts a set paused = false
      where a.execution_id = v_alert.execution_id and a.ordinal = -1 and a.metric = 'disk' and a.subject = v_subject;
    if v_alert.paused and exists (select from executions e
        where e.id = v_alert.execution_id and e.status = 'paused' and e.reason = v_alert.message)
        and not exists (select from rollbacks r where r.execution_id = v_alert.execution_id and r.status = 'intended')
        and not exists (select from health_alerts a where a.execution_id = v_alert.execution_id and a.metric = 'disk'
          and a.level = 'critical' and a.cleared_at is null) then
      perform resume(v_alert.execution_id);
      v_resumed := v_resumed || v_alert.execution_id;
    end if;
  end loop;
  return v_resumed;
end $$;

-- What each channel's last message came to, for /health.
create index notifications_by_channel on notifications (channel, created_at desc);

insert into notification_routes (event_type) values ('health.warning'), ('health.recovered') on conflict do nothing;

-- ------------------------------------------------------------------------------------------------------- phases of a plan
-- `phase.completed` is appended in the transaction that ends a phase's last task. Which places of a plan belong to a phase is written down when the plan
-- is, so that the end of a task looks at one row for its phase, and then at the phase's tasks from the last one backwards: plans run forwards,
-- so an unfinished one is nearly always found at once.

create table plan_phases (
  plan_id  uuid not null references plans (id) on delete cascade,
  phase    text not null,
  first    integer not null,     -- ordinals of its tasks lie between these
  last     integer not null,
  primary key (plan_id, phase)
);

create table completed_phases (
  execution_id  uuid not null references executions (id) on delete cascade deferrable initially deferred,
  phase         text not null,
  completed_at  timestamptz not null,
  primary key (execution_id, phase)
);

create function note_phases() returns trigger language plpgsql as $$
begin
  insert into plan_phases as p (plan_id, phase, first, last)
    select t.plan_id, t.spec ->> 'phase', min(t.ordinal), max(t.ordinal) from written t
    where t.leaf and t.spec ? 'phase' group by t.plan_id, t.spec ->> 'phase'
    on conflict (plan_id, phase) do update set first = least(p.first, excluded.first), last = greatest(p.last, excluded.last);
  return null;
end $$;
create trigger plan_tasks_phases_new after insert on plan_tasks referencing new table as written
  for each statement execute function note_phases();
create trigger plan_tasks_phases_changed after update on plan_tasks referencing new table as written
  for each statement execute function note_phases();

-- Whether all that is to be done in a phase is done. What was skipped because something failed was to be done.
create function phase_is_complete(p_execution uuid, p_plan uuid, p_phase text) returns boolean language sql stable
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
  select not exists (
    select from plan_phases h
    cross join lateral (
      select 1 from execution_tasks t join plan_tasks p on p.plan_id = p_plan and p.ordinal = t.ordinal
      where t.execution_id = p_execution and t.ordinal between h.first and h.last and p.spec ->> 'phase' = p_phase
        and t.status <> 'completed' and coalesce(t.skip_cause, '') not in ('user', 'already_done', 'optional')
      order by t.ordinal desc limit 1) unfinished
    where h.plan_id = p_plan and h.phase = p_phase)
$$;

-- Runs once per statement that appends events, and returns at once when no task of a plan with phases ended in it.
create function complete_phases() returns trigger language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
declare
  v_phase record;
begin
  if not exists (
    select from appended a join executions e on e.id = a.execution_id
    where a.type in ('task.completed', 'task.skipped', 'execution.retried', 'execution.rolled_back', 'execution.edited')
      and exists (select from plan_phases h where h.plan_id = e.plan_id)) then
    return null;
  end if;
  delete from completed_phases c using appended a, executions e
    where a.type in ('execution.retried', 'execution.rolled_back', 'execution.edited') and c.execution_id = a.execution_id
      and e.id = c.execution_id and not phase_is_complete(e.id, e.plan_id, c.phase);
  for v_phase in
    select distinct e.id, e.plan_id, p.spec ->> 'phase' as phase
    from appended a join executions e on e.id = a.execution_id
    join plan_tasks p on p.plan_id = e.plan_id and p.task_id = a.task_id and p.spec ? 'phase'
    where a.type in ('task.completed', 'task.skipped')
    order by 1, 3
  loop
    if phase_is_complete(v_phase.id, v_phase.plan_id, v_phase.phase) then
      insert into completed_phases (execution_id, phase, completed_at) values (v_phase.id, v_phase.phase, longhaul_now()) on conflict do nothing;
      if found then
        perform append_event(v_phase.id, 'phase.completed', null, null, jsonb_build_object('phase', v_phase.phase, 'message',
          coalesce((select x ->> 'title' from plans l, jsonb_array_elements(l.document -> 'phases') x
                    where l.id = v_phase.plan_id and x ->> 'id' = v_phase.phase limit 1), v_phase.phase)));
      end if;
    end if;
  end loop;
  return null;
end $$;
create trigger execution_events_phases after insert on execution_events referencing new table as appended
  for each statement execute function complete_phases();

insert into notification_routes (event_type) values ('phase.completed') on conflict do nothing;

-- ---------------------------------------------------------------------------------------------------------------- metrics
-- Everything that /metrics says about the database, in one statement per scrape. What grows with the number of executions is kept within bounds: those
-- that are active or ended less than p_seconds ago, the p_plans newest of them. Of all nodes only one speaks for the database (the
-- living one with the smallest id), so that sums over nodes are not multiples.

create function metrics_snapshot(p_node text, p_seconds double precision, p_plans integer) returns jsonb language sql stable as $$
  with active as materialized (
    select e.* from executions e where e.status in ('created', 'queued', 'running', 'paused', 'blocked')
  ),
  shown as materialized (
    select x.id, x.plan_id, x.status, x.cost_usd, x.tokens, x.options from (
      select e.id, e.plan_id, e.status, e.cost_usd, e.tokens, e.options from active e
      union all
      select e.id, e.plan_id, e.status, e.cost_usd, e.tokens, e.options from executions e
        where e.finished_at > longhaul_now() - p_seconds * interval '1 second'
          and (e.events_pruned_at is null or e.events_pruned_at < e.finished_at)) x
    order by x.id desc limit p_plans
  ),
  counted as (
    select s.plan_id, t.status, coalesce(t.kind = 'human' or t.result ? 'released', false) as person, count(*) as count
    from shown s join execution_tasks t on t.execution_id = s.id group by 1, 2, 3
  ),
  budgeted as (
    select s.plan_id, b.metric, b.spent / b.allowed as used
    from shown s cross join lateral budget_states(s.id, -1, '{}', '{}') b
    where b.scope = 'plan' and b.allowed > 0 and (s.options ? 'budget' or exists (select from budgets x where x.execution_id = s.id))
  )
  select jsonb_build_object(
    'speaks', coalesce((select min(n.id) from nodes n where n.lease_until > longhaul_now()) = p_node, true),
    'plans', (select coalesce(jsonb_agg(jsonb_build_object('planId', s.plan_id, 'executionId', s.id, 'status', s.status, 'costUsd', s.cost_usd,
        'tokens', s.tokens, 'title', left(l.title, 80))), '[]') from shown s join plans l on l.id = s.plan_id),
    'tasks', (select coalesce(jsonb_agg(jsonb_build_object('planId', c.plan_id, 'status', c.status, 'person', c.person, 'count', c.count)), '[]') from counted c),
    'budgets', (select coalesce(jsonb_agg(jsonb_build_object('planId', b.plan_id, 'metric', b.metric, 'used', b.used)), '[]') from budgeted b),
    'queue', (select jsonb_build_object('ready', coalesce(sum(e.ready), 0), 'running', coalesce(sum(e.running), 0),
        'retrying', coalesce(sum(e.retrying), 0), 'waiting', coalesce(sum(e.waiting), 0)) from active e),
    'lagSeconds', (select coalesce(max(extract(epoch from longhaul_now() - greatest(e.claimed_at, e.created_at))), 0) from active e
        where e.ready > 0 and e.status in ('queued', 'running')),
    'nodes', (select jsonb_build_object('live', count(*) filter (where n.lease_until > longhaul_now()),
        'lost', count(*) filter (where n.lease_until <= longhaul_now())) from nodes n),
    'outbox', (select coalesce(jsonb_agg(jsonb_build_object('channel', o.channel, 'waiting', o.waiting, 'oldestSeconds', o.oldest)), '[]') from (
        select n.channel, count(*) as waiting, extract(epoch from longhaul_now() - min(n.created_at)) as oldest
        from notifications n where n.status in ('queued', 'sending') group by n.channel) o),
    'intents', (select count(*) from notification_intents),
    'approvals', (select count(*) from approvals a where a.status = 'pending'),
    'alerts', (select coalesce(jsonb_agg(jsonb_build_object('metric', x.metric, 'level', x.level, 'count', x.count)), '[]') from (
        select a.metric, a.level, count(*) as count from health_alerts a join active e on e.id = a.execution_id
        left join execution_tasks t on t.execution_id = a.execution_id and t.ordinal = a.ordinal
        where a.cleared_at is null and (a.ordinal = -1 or (t.attempt = a.attempt and t.status in ('in_progress', 'verifying')))
        group by 1, 2) x),
    'agents', (select coalesce(jsonb_object_agg(x.status, x.count), '{}') from (select a.status, count(*) as count from agents a group by 1) x),
    'patterns', (select c.patterns from pattern_counts c),
    'recommended', (select jsonb_build_object('shown', count(*) filter (where r.shown), 'withheld', count(*) filter (where not r.shown)) from recommendations r),
    'unlearned', (select count(*) from unlearned_executions(1000)),
    -- As counted by PostgreSQL's statistics: a sum over the log itself would read all of it.
    'events', (select coalesce(sum(u.n_tup_ins), 0) from pg_stat_user_tables u where starts_with(u.relname, 'execution_events_')),
    'today', (select jsonb_build_object('usd', coalesce(sum(s.usd), 0), 'tokens', coalesce(sum(s.tokens), 0), 'seconds', coalesce(sum(s.seconds), 0))
        from spending s where s.day = (longhaul_now() at time zone 'UTC')::date),
    -- Of the newest day that has any: what was recorded since is in the view at its next refresh.
    'trends', (select coalesce(jsonb_agg(jsonb_build_object('metric', m.metric, 'mean', m.mean, 'median', m.median)), '[]')
        from metric_trends m where m.day = (select max(d.day) from metric_trends d)))
$$;

-- -------------------------------------------------------------------------------------------------------------- artifacts
-- Where an artifact lies besides the disk of its node. `lost`: its file was gone, or another one, when it was to be brought there.

alter table artifacts add column object_key text, add column lost boolean not null default false;
create index artifacts_to_bring on artifacts (created_at) where object_key is null and not lost;

-- A newer file under the same name is not in the bucket yet.
create function forget_object() returns trigger language plpgsql as $$
begin
  new.object_key := null;
  new.lost := false;
  return new;
end $$;
create trigger artifacts_changed before update on artifacts for each row when (old.digest <> new.digest) execute function forget_object();
