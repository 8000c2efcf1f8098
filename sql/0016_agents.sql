-- Remote agents: who they are, and what was refused to them.
--
-- A token is 256 random bits, shown once; the table has its SHA-256 only, which is enough to find whose it is and useless to whoever reads the
-- table. What an agent may do hangs on its row, never on what it says of itself. A join token lets a machine register itself, as often and for
-- as long as its owner said.

alter table agents add column revoked_at timestamptz;
alter table agents add check ((revoked_at is not null) = (status = 'revoked'));

create table agent_join_tokens (
  id            uuid primary key,
  digest        text not null unique,
  capabilities  text[],                 -- the most an agent may claim to have; null: whatever it says
  uses_left     integer not null check (uses_left >= 0),
  created_at    timestamptz not null default now(),
  expires_at    timestamptz not null
);

-- Equal refusals within a few seconds are one row that counts them, so that a runaway agent cannot fill the disk.
create table audit_entries (
  id            bigint generated always as identity primary key,
  at            timestamptz not null,
  principal     text not null,          -- 'agent ID', 'join token ID'
  action        text not null,          -- method and path
  status        integer not null,       -- what was answered
  reason        text not null,
  times         integer not null default 1 check (times > 0)
);
create index audit_entries_by_principal on audit_entries (principal, id desc);

-- Registers an agent; with the digest of a join token, uses that up by one.
create function register_agent(p_id uuid, p_name text, p_capabilities text[], p_digest text, p_join_digest text) returns void
language plpgsql as $$
begin
  if p_join_digest is not null then
    update agent_join_tokens set uses_left = uses_left - 1
      where digest = p_join_digest and uses_left > 0 and expires_at > longhaul_now();
    if not found then raise exception 'the join token is used up or has expired' using errcode = 'LH409'; end if;
  end if;
  insert into agents (id, name, capabilities, token_digest, registered_at) values (p_id, p_name, p_capabilities, p_digest, longhaul_now());
  perform release_agent_holds();
end $$;

-- ----------------------------------------------------------------------------------------------------------------- work
--
-- An attempt at a task of kind `agent` belongs to a node, like any other: the node surrounds it with checkpoints, gates and checks. The work
-- itself is a row here, which any node may hand out and take reports for:
--
--   offered ──take──▶ taken ──report with a result──▶ reported
--                       ├──no sign of life in time──▶ silent       the node holds the task, or gives it to another agent
--                       └──cancelled, reassigned, …──▶ withdrawn   the agent is told to halt ──it says so──▶ closed
--
-- Failure story. An answer with work that is lost on its way is given again to the same agent, until it has said something about it. A node
-- that dies leaves the row; whoever adopts the attempt finds it as it is, also reported. The attempt number fences: what is said about an
-- attempt that is over is refused. Lock order: agents, then executions in id order, then these rows.

create table agent_work (
  execution_id  uuid not null references executions (id) on delete cascade deferrable initially deferred,
  ordinal       integer not null,
  attempt       integer not null,
  capabilities  text[] not null,
  avoid         uuid,                     -- the agent that the attempt before was taken from
  status        text not null check (status in ('offered', 'taken', 'reported', 'silent', 'withdrawn', 'closed')),
  agent_id      uuid references agents (id),
  work          jsonb not null,           -- what the agent is told; emptied when it is over
  reason        text,                     -- why it was taken back
  result        jsonb,
  offered_at    timestamptz not null,
  taken_at      timestamptz,
  lease_until   timestamptz,
  acknowledged  boolean not null default false,   -- the agent has said something about it
  primary key (execution_id, ordinal, attempt),
  check ((agent_id is null) = (taken_at is null)),
  check (status <> 'reported' or result is not null)
) with (fillfactor = 70);
create index agent_work_open on agent_work (offered_at) where status = 'offered';
create index agent_work_held on agent_work (agent_id) where status in ('taken', 'withdrawn');

-- Reports that were recorded, so that a repeated one gets the same answer.
create table agent_reports (
  execution_id  uuid not null,
  agent_id      uuid not null,
  report_id     text not null,
  digest        text not null,            -- of its content: another one under the same id is refused
  recorded      integer not null,
  last_seq      bigint not null,
  at            timestamptz not null,
  primary key (execution_id, agent_id, report_id)
);
create index agent_reports_by_time on agent_reports using brin (at);

-- Gives work to agents, as far as it is still there to be had. Returns the places in the arrays (from 1) that were, with what they are told.
create function take_agent_work(p_execution uuid[], p_ordinal integer[], p_attempt integer[], p_agent uuid[], p_lease_seconds double precision)
returns table (entry integer, work jsonb) language plpgsql as $$
#variable_conflict use_column
begin
  perform from executions e where e.id = any (p_execution) order by e.id for no key update;
  return query
  with taken as (
    update agent_work w set status = 'taken', agent_id = g.agent_id, taken_at = longhaul_now(), acknowledged = false,
      lease_until = longhaul_now() + p_lease_seconds * interval '1 second'
    from unnest(p_execution, p_ordinal, p_attempt, p_agent) with ordinality as g(execution_id, ordinal, attempt, agent_id, entry)
    join agents a on a.id = g.agent_id and a.status <> 'revoked'
    join executions e on e.id = g.execution_id and e.status <> 'paused' -- nothing starts in one that is paused
    join execution_tasks t on t.execution_id = g.execution_id and t.ordinal = g.ordinal and t.attempt = g.attempt
      and t.status in ('in_progress', 'verifying')
    where w.execution_id = g.execution_id and w.ordinal = g.ordinal and w.attempt = g.attempt and w.status = 'offered'
    returning w.execution_id, w.attempt, w.agent_id, a.name, t.task_id, g.entry, w.work
  ),
  counted as (
    update executions e set last_seq = e.last_seq + n.n
    from (select x.execution_id, count(*)::integer as n from taken x group by x.execution_id) n where e.id = n.execution_id
    returning e.id, e.last_seq - n.n as base
  ),
  logged as (
    insert into execution_events (execution_id, seq, type, task_id, attempt, at, data)
    select x.execution_id, c.base + row_number() over (partition by x.execution_id order by x.entry), 'agent.assigned', x.task_id, x.attempt,
           longhaul_now(), jsonb_build_object('agentId', x.agent_id, 'agent', x.name)
    from taken x join counted c on c.id = x.execution_id
  )
  select x.entry::integer, x.work from taken x;
  perform wake_watchers(p_execution);
end $$;

-- Offers the work of attempts that run; where p_agent names somebody who waits for it, gives it at once. An offer that was made before stays as
-- it is. Returns how each stands, and whether this call gave it. No status: no agent that shows signs of life could ever take it, so there is
-- no offer.
create function offer_agent_work(p_node text, p_execution uuid[], p_ordinal integer[], p_attempt integer[], p_capabilities jsonb[],
                                 p_work jsonb[], p_avoid uuid[], p_agent uuid[], p_lease_seconds double precision)
returns table (entry integer, status text, given boolean) language plpgsql as $$
#variable_conflict use_column
declare
  v_places integer[];
  v_given integer[] := '{}';
begin
  perform from executions e where e.id = any (p_execution) order by e.id for no key update;
  with asked as (
    select g.*, array(select jsonb_array_elements_text(g.capabilities)) as wanted
    from unnest(p_execution, p_ordinal, p_attempt, p_capabilities, p_work, p_avoid) as g(execution_id, ordinal, attempt, capabilities, work, avoid)
  )
  insert into agent_work (execution_id, ordinal, attempt, capabilities, avoid, status, work, offered_at)
    select g.execution_id, g.ordinal, g.attempt, g.wanted, g.avoid, 'offered', g.work, longhaul_now()
    from asked g join execution_tasks t on t.execution_id = g.execution_id and t.ordinal = g.ordinal and t.attempt = g.attempt
      and t.status in ('in_progress', 'verifying')
    where exists (select from agents a where a.status = 'active' and a.capabilities @> g.wanted)
    on conflict do nothing;
  v_places := array(select g.place from unnest(p_agent) with ordinality as g(agent_id, place) where g.agent_id is not null order by g.place);
  if cardinality(v_places) > 0 then
    v_given := array(
      select v_places[x.entry] from take_agent_work(
        array(select p_execution[i] from unnest(v_places) with ordinality as v(i, n) order by n),
        array(select p_ordinal[i] from unnest(v_places) with ordinality as v(i, n) order by n),
        array(select p_attempt[i] from unnest(v_places) with ordinality as v(i, n) order by n),
        array(select p_agent[i] from unnest(v_places) with ordinality as v(i, n) order by n), p_lease_seconds) x);
  end if;
  if cardinality(v_given) < cardinality(p_execution) and exists (select from nodes n where n.id <> p_node and n.lease_until > longhaul_now()) then
    perform pg_notify('longhaul_agents', 'offered'); -- an agent that waits at another node may have it
  end if;
  return query
    select g.entry::integer, w.status, g.entry::integer = any (v_given)
    from unnest(p_execution, p_ordinal, p_attempt) with ordinality as g(execution_id, ordinal, attempt, entry)
    left join agent_work w on w.execution_id = g.execution_id and w.ordinal = g.ordinal and w.attempt = g.attempt;
end $$;

-- About the attempts before: the agent that the last one was taken from (others are to have the next one, if there are others), and why the last
-- one that failed did.
create function former_attempts(p_execution uuid, p_ordinal integer) returns table (agent_id uuid, failure text) language sql stable as $$
  select (select w.agent_id from agent_work w
          where w.execution_id = p_execution and w.ordinal = p_ordinal
            and (w.status in ('silent', 'withdrawn', 'closed') or w.result ->> 'status' = 'halted')
          order by w.attempt desc limit 1),
         (select a.detail ->> 'message' from attempts a
          where a.execution_id = p_execution and a.ordinal = p_ordinal and a.failure_class is not null order by a.attempt desc limit 1)
$$;

create function notify_work(p_what text, p_execution uuid, p_ordinal integer, p_attempt integer) returns void language sql as $$
  select pg_notify('longhaul_agents', format('%s %s/%s/%s', p_what, p_execution, p_ordinal, p_attempt))
$$;

-- Takes work back, whatever the agent has made of it: it is told to halt. Returns the agent that had it.
create function withdraw_agent_work(p_execution uuid, p_ordinal integer, p_attempt integer, p_reason text) returns uuid language plpgsql as $$
declare
  v_agent uuid;
begin
  update agent_work w set status = case when w.agent_id is null then 'closed' else 'withdrawn' end, reason = p_reason, work = '{}'
    where w.execution_id = p_execution and w.ordinal = p_ordinal and w.attempt = p_attempt and w.status in ('offered', 'taken')
    returning w.agent_id into v_agent;
  if found then perform notify_work('withdrawn', p_execution, p_ordinal, p_attempt); end if;
  return v_agent;
end $$;

-- Report i is about one attempt and brings p_count[i] events; event j belongs to report p_entry[j], those of one report stand together. Outcome of
-- each: recorded | repeated (recorded before: the same answer) | reused (its id belongs to another report) | stale (the attempt is over, or was
-- taken from this agent) | unknown (never was its work) | full (the attempt has said more than p_most_bytes already).
create function report_agent_work(p_node text, p_agent uuid[], p_execution uuid[], p_task_id text[], p_attempt integer[], p_report text[],
                                  p_digest text[], p_result jsonb[], p_artifacts jsonb[], p_bytes integer[], p_most_bytes bigint,
                                  p_lease_seconds double precision, p_count integer[], p_entry integer[], p_type text[], p_data jsonb[])
returns table (entry integer, outcome text, recorded integer, last_seq bigint, ordinal integer) language plpgsql as $$
#variable_conflict use_column
declare
  i integer;
  v_known agent_reports;
  v_work record;
  v_seq bigint;
  v_now timestamptz := longhaul_now();
  v_before bigint[] := '{}';   -- the seq before the first event of each report, null where nothing is recorded
begin
  perform from executions e where e.id = any (p_execution) order by e.id for no key update;
  for i in 1 .. cardinality(p_agent) loop
    entry := i; recorded := 0; last_seq := 0; ordinal := null;
    v_before := v_before || null::bigint;
    select * into v_known from agent_reports r
      where r.execution_id = p_execution[i] and r.agent_id = p_agent[i] and r.report_id = p_report[i];
    if found then
      outcome := case when v_known.digest = p_digest[i] then 'repeated' else 'reused' end;
      recorded := v_known.recorded; last_seq := v_known.last_seq;
      return next; continue;
    end if;
    select w.ordinal, w.status, t.attempt = w.attempt and t.status in ('in_progress', 'verifying') as current, t.node_id
      into v_work
      from executions e
      join plan_tasks p on p.plan_id = e.plan_id and p.task_id = p_task_id[i]
      join agent_work w on w.execution_id = e.id and w.ordinal = p.ordinal and w.attempt = p_attempt[i] and w.agent_id = p_agent[i]
      join execution_tasks t on t.execution_id = e.id and t.ordinal = w.ordinal
      where e.id = p_execution[i];
    if not found then outcome := 'unknown'; return next; continue; end if;
    ordinal := v_work.ordinal;
    if v_work.status in ('withdrawn', 'silent', 'closed') and p_result[i] ->> 'status' = 'halted' then
      update agent_work w set status = 'closed' where w.execution_id = p_execution[i] and w.ordinal = v_work.ordinal and w.attempt = p_attempt[i];
      outcome := 'recorded'; return next; continue;
    end if;
    if v_work.status <> 'taken' or not v_work.current then outcome := 'stale'; return next; continue; end if;
    if p_bytes[i] > 0 then
      update execution_tasks t set output_offset = t.output_offset + p_bytes[i]
        where t.execution_id = p_execution[i] and t.ordinal = v_work.ordinal and t.output_offset + p_bytes[i] <= p_most_bytes;
      if not found then outcome := 'full'; return next; continue; end if;
    end if;

    update executions e set last_seq = e.last_seq + p_count[i] where e.id = p_execution[i] returning e.last_seq into v_seq;
    v_before[i] := v_seq - p_count[i];
    if p_artifacts[i] <> '[]' then
      delete from artifacts a where a.execution_id = p_execution[i] and a.ordinal = v_work.ordinal and a.attempt = p_attempt[i]
        and a.name in (select x ->> 'name' from jsonb_array_elements(p_artifacts[i]) x); -- the file was replaced
      insert into artifacts (id, execution_id, ordinal, attempt, name, media_type, bytes, digest, location, created_at)
        select (a ->> 'id')::uuid, p_execution[i], v_work.ordinal, p_attempt[i], a ->> 'name', a ->> 'mediaType', (a ->> 'bytes')::bigint,
               a ->> 'digest', a ->> 'location', v_now
        from jsonb_array_elements(p_artifacts[i]) as a;
    end if;
    insert into agent_reports (execution_id, agent_id, report_id, digest, recorded, last_seq, at)
      values (p_execution[i], p_agent[i], p_report[i], p_digest[i], p_count[i], v_seq, v_now);
    if p_result[i] is null then
      update agent_work w set acknowledged = true, lease_until = v_now + p_lease_seconds * interval '1 second'
        where w.execution_id = p_execution[i] and w.ordinal = v_work.ordinal and w.attempt = p_attempt[i];
    else
      update agent_work w set acknowledged = true, status = 'reported', result = p_result[i], work = '{}'
        where w.execution_id = p_execution[i] and w.ordinal = v_work.ordinal and w.attempt = p_attempt[i];
      if v_work.node_id is distinct from p_node then perform notify_work('ended', p_execution[i], v_work.ordinal, p_attempt[i]); end if;
    end if;
    outcome := 'recorded'; recorded := p_count[i]; last_seq := v_seq;
    return next;
  end loop;
  -- All at once: a statement per report would look at the events of all reports each time.
  insert into execution_events (execution_id, seq, type, task_id, attempt, at, data)
    select g.execution_id, g.seq_before + v.place - g.events_before, v.type, g.task_id, g.attempt, v_now, v.data
    from (
      select n.*, sum(n.count) over (order by n.report) - n.count as events_before
      from unnest(p_execution, p_task_id, p_attempt, p_count, v_before) with ordinality
        as n(execution_id, task_id, attempt, count, seq_before, report)
    ) g
    join unnest(p_entry, p_type, p_data) with ordinality as v(report, type, data, place) on v.report = g.report
    where g.seq_before is not null;
  perform wake_watchers(p_execution);
end $$;

-- Signs of life. Entry i is one agent; with p_all it vouches for all of its work, else for what p_of and the arrays behind it list, and what was
-- taken from it and is not listed it has let go of. Returns what each of them must stop.
create function hear_agents(p_agent uuid[], p_all boolean[], p_lease_seconds double precision,
                            p_of integer[], p_execution uuid[], p_task_id text[], p_attempt integer[])
returns table (agent_id uuid, execution_id uuid, task_id text, attempt integer, reason text) language plpgsql as $$
#variable_conflict use_column
begin
  perform see_agents(p_agent);
  with listed as (
    select p_agent[g.of_entry] as agent_id, e.id as execution_id, p.ordinal, g.attempt
    from unnest(p_of, p_execution, p_task_id, p_attempt) as g(of_entry, execution_id, task_id, attempt)
    join executions e on e.id = g.execution_id join plan_tasks p on p.plan_id = e.plan_id and p.task_id = g.task_id
  ),
  lives as (
    select w.execution_id, w.ordinal, w.attempt from agent_work w join unnest(p_agent, p_all) as g(agent_id, vouches) on g.agent_id = w.agent_id
    where w.status = 'taken' and (g.vouches or (w.agent_id, w.execution_id, w.ordinal, w.attempt) in (select * from listed))
    order by 1, 2, 3 for no key update of w
  ),
  extended as (
    update agent_work w set acknowledged = true, lease_until = longhaul_now() + p_lease_seconds * interval '1 second'
    from lives l where w.execution_id = l.execution_id and w.ordinal = l.ordinal and w.attempt = l.attempt
  )
  update agent_work w set status = 'closed'
    from unnest(p_agent, p_all) as g(agent_id, vouches)
    where w.agent_id = g.agent_id and w.status = 'withdrawn' and not g.vouches
      and (w.agent_id, w.execution_id, w.ordinal, w.attempt) not in (select * from listed);
  return query
    select w.agent_id, w.execution_id, t.task_id, w.attempt, coalesce(w.reason, 'the task is ' || t.status)
    from agent_work w join execution_tasks t on t.execution_id = w.execution_id and t.ordinal = w.ordinal
    where w.agent_id = any (p_agent) and (w.status = 'withdrawn'
      or (w.status = 'taken' and (t.attempt <> w.attempt or t.status not in ('in_progress', 'verifying'))));
end $$;

-- Agents that asked for something. One that had been given up is back: what waited for its like goes on.
create function see_agents(p_agent uuid[]) returns void language plpgsql as $$
declare
  v_back integer;
begin
  with seen as (
    select a.id, a.status from agents a where a.id = any (p_agent) and a.status <> 'revoked' order by a.id for no key update
  ),
  written as (
    update agents a set last_seen_at = longhaul_now(), status = 'active' from seen s where a.id = s.id returning s.status
  )
  select count(*) into v_back from written where status = 'blocked';
  if v_back > 0 then perform release_agent_holds(); end if;
end $$;

-- Tasks that waited because no agent could do them, and now one can. Asked when an agent comes, and now and then: one that comes while a task is
-- just about to wait does not see it yet.
create function release_agent_holds() returns void language plpgsql as $$
declare
  v_task record;
begin
  for v_task in
    select t.execution_id, t.ordinal from executions e join execution_tasks t on t.execution_id = e.id
    where e.status in ('queued', 'running', 'paused', 'blocked') and e.waiting > 0 and t.status = 'blocked' and t.kind = 'agent'
      and t.result -> 'hold' ->> 'name' = 'agent' and t.result -> 'hold' -> 'detail' ->> 'why' = 'missing'
      and exists (select from agents a where a.status = 'active'
        and a.capabilities @> array(select jsonb_array_elements_text(t.result -> 'hold' -> 'detail' -> 'capabilities')))
    order by t.execution_id, t.ordinal
  loop
    perform from executions e where e.id = v_task.execution_id for no key update;
    if exists (select from execution_tasks t where t.execution_id = v_task.execution_id and t.ordinal = v_task.ordinal and t.status = 'blocked')
        and not exists (select from rollbacks r where r.execution_id = v_task.execution_id and r.status = 'intended') then
      perform complete_waiting(v_task.execution_id, v_task.ordinal, 'done', 'an agent that can do it has come');
    end if;
  end loop;
end $$;

-- Work whose agent has shown no sign of life in time, and agents that have not asked for anything for as long.
create function expire_agent_work(p_silent_seconds double precision) returns setof uuid language plpgsql as $$
declare
  v_work record;
begin
  -- Agents before executions, like everybody who locks both.
  update agents a set status = 'blocked'
    where a.status = 'active' and coalesce(a.last_seen_at, a.registered_at) < longhaul_now() - p_silent_seconds * interval '1 second';
  for v_work in
    select w.execution_id, w.ordinal, w.attempt, w.agent_id, a.name from agent_work w join agents a on a.id = w.agent_id
    where w.status = 'taken' and w.lease_until < longhaul_now()
    order by w.execution_id, w.ordinal
  loop
    perform from executions e where e.id = v_work.execution_id for no key update;
    update agent_work w set status = 'silent', reason = 'no sign of life for ' || p_silent_seconds || ' s', work = '{}'
      where w.execution_id = v_work.execution_id and w.ordinal = v_work.ordinal and w.attempt = v_work.attempt
        and w.status = 'taken' and w.lease_until < longhaul_now();
    continue when not found;
    perform raise_health(v_work.execution_id, v_work.ordinal, v_work.attempt, 'agent', v_work.agent_id::text, 'warning',
      format('agent %s has shown no sign of life for %s s', v_work.name, p_silent_seconds), jsonb_build_object('agentId', v_work.agent_id));
    perform notify_work('ended', v_work.execution_id, v_work.ordinal, v_work.attempt);
    return next v_work.execution_id;
  end loop;
end $$;

-- Nobody was here to hear the agents, or the database was away: that is not their silence. Where another node has heard them, theirs counts.
create function pardon_agents(p_node text, p_silent_seconds double precision) returns void language plpgsql as $$
begin
  if exists (select from nodes n where n.id <> p_node and n.lease_until > longhaul_now()) then return; end if;
  update agents a set last_seen_at = longhaul_now() where a.status = 'active';
  update agent_work w set lease_until = longhaul_now() + p_silent_seconds * interval '1 second' where w.status = 'taken';
end $$;

-- What nobody asks for any more: repeats of old reports, and the work of executions that ended long ago.
create function prune_agent_work(p_days double precision) returns void language sql as $$
  delete from agent_reports where at < longhaul_now() - p_days * interval '1 day';
  delete from agent_work w using executions e where e.id = w.execution_id and e.finished_at < longhaul_now() - p_days * interval '1 day';
$$;

-- Gives a task to another agent: one that runs is taken from the agent that has it, one that waits because its agent fell silent goes on.
create function reassign_agent_work(p_execution uuid, p_task_id text) returns void language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  t execution_tasks := lock_task(p_execution, p_task_id);
begin
  if t.status = 'blocked' and t.result -> 'hold' ->> 'name' = 'agent' then
    perform complete_waiting(p_execution, t.ordinal, 'done', 'reassigned');
  elsif t.kind = 'agent' and t.status in ('in_progress', 'verifying') and exists (select from agent_work w
      where w.execution_id = p_execution and w.ordinal = t.ordinal and w.attempt = t.attempt and w.status = 'taken') then
    perform withdraw_agent_work(p_execution, t.ordinal, t.attempt, 'given to another agent');
  else
    raise exception 'task % is %, and no agent has it', p_task_id, t.status using errcode = 'LH409';
  end if;
end $$;

-- For good: its token opens nothing any more, and what it was doing goes to others. False when it was revoked before.
create function revoke_agent(p_id uuid) returns boolean language plpgsql as $$
declare
  v_work record;
begin
  update agents set status = 'revoked', revoked_at = longhaul_now() where id = p_id and status <> 'revoked';
  if not found then
    perform from agents where id = p_id;
    if not found then raise exception 'no agent %', p_id using errcode = 'LH404'; end if;
    return false;
  end if;
  for v_work in select w.* from agent_work w where w.agent_id = p_id and w.status = 'taken' order by w.execution_id, w.ordinal loop
    perform withdraw_agent_work(v_work.execution_id, v_work.ordinal, v_work.attempt, 'the agent was revoked');
  end loop;
  perform pg_notify('longhaul_agents', 'changed');
  return true;
end $$;

-- Attempts at work of agents whose node has died: the agents may well be alive. A node of the same place takes them over as they are.
create function adopt_agent_attempts(p_node text, p_incarnation bigint) returns integer language plpgsql as $$
declare
  v_places text[];
  v_count integer;
begin
  select n.places into v_places from nodes n where n.id = p_node and n.incarnation = p_incarnation;
  if not found then return 0; end if;
  perform from executions e where e.id in (select x.execution_id from expired_attempts() x) order by e.id for no key update;
  update execution_tasks t set node_id = p_node
  from executions e, agent_work w
  where e.id = t.execution_id and (e.place is null or e.place = any (v_places)) and t.kind = 'agent'
    and (t.execution_id, t.ordinal, t.attempt) in (select x.execution_id, x.ordinal, x.attempt from expired_attempts() x)
    and w.execution_id = t.execution_id and w.ordinal = t.ordinal and w.attempt = t.attempt;
  get diagnostics v_count = row_count;
  return v_count;
end $$;
