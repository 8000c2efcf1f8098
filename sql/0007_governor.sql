-- The governor: what Claude's accounts still allow.
--
-- An account is a hash of what a node's Claude sessions are billed to. When Claude refuses one session, the row says until when, and every node
-- that has this account stops claiming `claude` tasks; they stay queued and burn nothing. Sessions under way find out by themselves, and their
-- tasks come back after the reset. Lock order: the account, then executions in id order; nothing locks an account while it holds an execution.

create table accounts (
  id                text primary key,
  billing           text not null,
  limited_until     timestamptz,
  limit_kind        text check (limit_kind in ('usage_limit', 'rate_limit')),
  message           text,
  limited_at        timestamptz,
  window_used       double precision check (window_used >= 0),   -- share of the five-hour window, as Claude last said
  window_resets_at  timestamptz,
  check ((limited_until is null) = (limit_kind is null))
);
alter table nodes add column account text;

create function set_account(p_node text, p_account text, p_billing text) returns void language sql as $$
  insert into accounts (id, billing) values (p_account, p_billing) on conflict (id) do update set billing = excluded.billing;
  update nodes set account = p_account where id = p_node;
$$;

-- Tells every execution that has `claude` tasks to go on with, and could run them only on this account's nodes or also there.
create function tell_executions(p_account text, p_type text, p_data jsonb) returns void language plpgsql as $$
declare
  v_executions uuid[];
begin
  v_executions := array(
    select e.id from executions e
    where e.status in ('queued', 'running', 'paused', 'blocked') and e.completed + e.failed + e.skipped + e.cancelled < e.total
      and exists (select from nodes n where n.account = p_account and (e.place is null or e.place = any (n.places)))
      and exists (select from execution_tasks t where t.execution_id = e.id and t.kind = 'claude'
        and t.status in ('pending', 'queued', 'in_progress', 'verifying', 'retrying'))
    order by e.id);
  perform from executions e where e.id = any (v_executions) order by e.id for no key update;
  perform append_event(e, p_type, null, null, p_data) from unnest(v_executions) as e;
  perform wake_watchers(v_executions);
end $$;

-- Returns whether this said something new.
create function limit_account(p_account text, p_kind text, p_until timestamptz, p_message text) returns boolean language plpgsql as $$
declare
  a accounts;
  v_now timestamptz := longhaul_now();
begin
  select * into a from accounts where id = p_account for update;
  if not found or p_until <= v_now or a.limited_until >= p_until - interval '1 second' then return false; end if;
  update accounts set limited_until = p_until, limit_kind = p_kind, message = p_message, limited_at = coalesce(limited_at, v_now)
    where id = p_account;
  perform pg_notify('longhaul_account', p_account);
  -- A few seconds are not worth a line in every log, nor is a limit that moved a little.
  if p_until > greatest(coalesce(a.limited_until, v_now), v_now) + interval '30 seconds' then
    perform tell_executions(p_account, 'governor.suspended',
      jsonb_build_object('account', p_account, 'limit', p_kind, 'until', p_until, 'message', p_message));
  end if;
  return true;
end $$;

-- Ends the limits whose time has come, or that of one account at once. Returns the accounts that may be used again.
create function lift_limits(p_account text) returns setof text language plpgsql as $$
declare
  a accounts;
begin
  for a in
    select * from accounts x where x.limited_until is not null
      and case when p_account is null then x.limited_until <= longhaul_now() else x.id = p_account end
    order by x.id for update skip locked
  loop
    update accounts set limited_until = null, limit_kind = null, message = null, limited_at = null,
      window_used = case when p_account is null then window_used end where id = a.id;
    if a.limited_until > a.limited_at + interval '30 seconds' then
      perform tell_executions(a.id, 'governor.resumed', jsonb_build_object('account', a.id, 'limit', a.limit_kind,
        'by', case when p_account is null then 'reset' else 'person' end));
    end if;
    if p_account is not null then -- what waits for the reset need not any more
      update execution_tasks t set not_before = longhaul_now() from executions e
        where e.id = t.execution_id and e.retrying > 0 and t.status = 'retrying' and t.kind = 'claude' and t.not_before > longhaul_now()
          and exists (select from attempts x where x.execution_id = t.execution_id and x.ordinal = t.ordinal and x.attempt = t.attempt
            and x.failure_class in ('usage_limit', 'rate_limit'));
    end if;
    perform pg_notify('longhaul_account', a.id);
    perform wake_nodes(null);
    return next a.id;
  end loop;
end $$;

-- -------------------------------------------------------------------------------------------------------------- budgets
--
-- What attempts spent is written while they run, so that whoever runs beside them knows it, and once more, exactly, when they ended. Budgets are
-- compared with it in the same transaction, under the lock of the execution; a crossing of 80 and 100 % is said once.

create table spending (
  execution_id  uuid not null references executions (id) on delete cascade,
  ordinal       integer not null,
  attempt       integer not null,
  day           date not null,           -- on which the attempt began to spend, in UTC
  usd           double precision not null check (usd >= 0),
  tokens        bigint not null check (tokens >= 0),
  seconds       double precision not null check (seconds >= 0),
  primary key (execution_id, ordinal, attempt)
);
create index spending_by_day on spending (day);

create table budgets (
  execution_id  uuid not null references executions (id) on delete cascade,
  ordinal       integer not null,        -- of the task; -1 is the whole plan
  usd           double precision check (usd > 0),
  tokens        double precision check (tokens > 0),
  seconds       double precision check (seconds > 0),
  said          text[] not null default '{}',   -- crossings that the log knows: 'usd 80', 'usd 100'
  primary key (execution_id, ordinal)
);

create table day_budgets (
  day   date primary key,
  said  text[] not null default '{}'
);

create type budget_state as (scope text, metric text, spent double precision, allowed double precision);

-- The budgets that hold for a task, and what is spent of each. p_task and p_day are what the plan and the configuration say: {usd, tokens, seconds}.
create function budget_states(p_execution uuid, p_ordinal integer, p_task jsonb, p_day jsonb) returns setof budget_state
language sql stable as $$
  with plan as (
    select coalesce(b.usd, (e.options -> 'budget' ->> 'usd')::double precision) as usd,
           coalesce(b.tokens, (e.options -> 'budget' ->> 'tokens')::double precision) as tokens,
           coalesce(b.seconds, (e.options -> 'budget' ->> 'wallSeconds')::double precision) as seconds
    from executions e left join budgets b on b.execution_id = e.id and b.ordinal = -1 where e.id = p_execution
  ),
  task as (
    select coalesce(b.usd, (p_task ->> 'usd')::double precision) as usd, coalesce(b.tokens, (p_task ->> 'tokens')::double precision) as tokens,
           coalesce(b.seconds, (p_task ->> 'seconds')::double precision) as seconds
    from (select 1) one left join budgets b on b.execution_id = p_execution and b.ordinal = p_ordinal
  ),
  own as (
    select coalesce(sum(s.usd) filter (where s.ordinal = p_ordinal), 0) as task_usd, coalesce(sum(s.usd), 0) as usd,
           coalesce(sum(s.tokens) filter (where s.ordinal = p_ordinal), 0) as task_tokens, coalesce(sum(s.tokens), 0) as tokens,
           coalesce(sum(s.seconds) filter (where s.ordinal = p_ordinal), 0) as task_seconds, coalesce(sum(s.seconds), 0) as seconds
    from spending s where s.execution_id = p_execution
  ),
  today as (
    select coalesce(sum(s.usd), 0) as usd, coalesce(sum(s.tokens), 0) as tokens, coalesce(sum(s.seconds), 0) as seconds
    from spending s where p_day <> '{}' and s.day = (longhaul_now() at time zone 'UTC')::date
  )
  select v.scope, v.metric, v.spent::double precision, v.allowed from task, plan, own, today, lateral (values
    ('task', 'usd', own.task_usd, task.usd), ('task', 'tokens', own.task_tokens, task.tokens), ('task', 'seconds', own.task_seconds, task.seconds),
    ('plan', 'usd', own.usd, plan.usd), ('plan', 'tokens', own.tokens, plan.tokens), ('plan', 'seconds', own.seconds, plan.seconds),
    ('day', 'usd', today.usd, (p_day ->> 'usd')::double precision), ('day', 'tokens', today.tokens, (p_day ->> 'tokens')::double precision),
    ('day', 'seconds', today.seconds, (p_day ->> 'seconds')::double precision)) as v(scope, metric, spent, allowed)
  where v.allowed is not null
$$;

-- An attempt has spent so much in all by now; said again with more while it runs. Returns the budgets that hold for it.
create function spend(p_execution uuid, p_ordinal integer, p_attempt integer, p_usd double precision, p_tokens bigint, p_seconds double precision,
                      p_task jsonb, p_day jsonb) returns setof budget_state language plpgsql as $$
declare
  v_task_id text;
  v_said text[];
  v_mark text;
  b budget_state;
begin
  perform from executions where id = p_execution for no key update;
  if not found then raise exception 'no execution %', p_execution using errcode = 'LH404'; end if;
  insert into spending (execution_id, ordinal, attempt, day, usd, tokens, seconds)
    values (p_execution, p_ordinal, p_attempt, (longhaul_now() at time zone 'UTC')::date, p_usd, p_tokens, p_seconds)
    on conflict (execution_id, ordinal, attempt) do update
      set usd = excluded.usd, tokens = excluded.tokens, seconds = greatest(spending.seconds, excluded.seconds);
  select task_id into v_task_id from execution_tasks where execution_id = p_execution and ordinal = p_ordinal;
  for b in select * from budget_states(p_execution, p_ordinal, p_task, p_day) loop
    return next b;
    foreach v_mark in array array['80', '100'] loop
      continue when b.spent < b.allowed * v_mark::integer / 100.0;
      v_said := null;
      if b.scope = 'day' then
        insert into day_budgets (day, said) values ((longhaul_now() at time zone 'UTC')::date, array[b.metric || ' ' || v_mark])
          on conflict (day) do update set said = day_budgets.said || excluded.said where not day_budgets.said @> excluded.said
          returning said into v_said;
      else
        insert into budgets (execution_id, ordinal, said)
          values (p_execution, case b.scope when 'plan' then -1 else p_ordinal end, array[b.metric || ' ' || v_mark])
          on conflict (execution_id, ordinal) do update set said = budgets.said || excluded.said where not budgets.said @> excluded.said
          returning said into v_said;
      end if;
      if v_said is not null then
        perform append_event(p_execution, case v_mark when '80' then 'budget.warning' else 'budget.exhausted' end,
          case b.scope when 'task' then v_task_id end, case b.scope when 'task' then p_attempt end,
          jsonb_build_object('scope', b.scope, 'metric', b.metric, 'spent', b.spent, 'allowed', b.allowed));
        perform wake_watchers(array[p_execution]);
      end if;
    end loop;
  end loop;
end $$;

-- A person allows more (what is null stays as it is), for the plan or for one task. Tasks that were held because of it go on.
create function raise_budget(p_execution uuid, p_task_id text, p_usd double precision, p_tokens double precision, p_seconds double precision)
returns text[] language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  t execution_tasks;
  v_ordinal integer := -1;
  v_released text[];
  b record;
begin
  if e.status in ('completed', 'cancelled') then
    raise exception 'execution % is %, its budget does not matter any more', p_execution, e.status using errcode = 'LH409';
  end if;
  if p_task_id is not null then
    t := lock_task(p_execution, p_task_id);
    v_ordinal := t.ordinal;
  end if;
  select coalesce(sum(s.usd), 0) as usd, coalesce(sum(s.tokens), 0) as tokens, coalesce(sum(s.seconds), 0) as seconds into b
    from spending s where s.execution_id = p_execution and (v_ordinal = -1 or s.ordinal = v_ordinal);
  if p_usd <= b.usd then raise exception 'usd: % USD are spent already, a budget of % allows nothing', round(b.usd::numeric, 2), p_usd using errcode = 'LH409'; end if;
  if p_tokens <= b.tokens then raise exception 'tokens: % are used already, a budget of % allows nothing', b.tokens, p_tokens using errcode = 'LH409'; end if;
  if p_seconds <= b.seconds then raise exception 'wallSeconds: % s were used already, a budget of % allows nothing', round(b.seconds), p_seconds using errcode = 'LH409'; end if;
  insert into budgets (execution_id, ordinal, usd, tokens, seconds) values (p_execution, v_ordinal, p_usd, p_tokens, p_seconds)
    on conflict (execution_id, ordinal) do update set usd = coalesce(excluded.usd, budgets.usd), tokens = coalesce(excluded.tokens, budgets.tokens),
      seconds = coalesce(excluded.seconds, budgets.seconds), said = '{}';
  perform append_event(p_execution, 'budget.raised', p_task_id, null, jsonb_strip_nulls(jsonb_build_object(
    'scope', case when v_ordinal = -1 then 'plan' else 'task' end, 'usd', p_usd, 'tokens', p_tokens, 'seconds', p_seconds)));
  with freed as (
    update execution_tasks x set status = 'queued', message = null, result = x.result - 'hold'
    where x.execution_id = p_execution and x.status = 'awaiting_human'
      and x.result -> 'hold' ->> 'name' = case when v_ordinal = -1 then 'budget:plan' else 'budget:task' end
      and (v_ordinal = -1 or x.ordinal = v_ordinal)
    returning x.ordinal, x.task_id
  )
  select coalesce(array_agg(f.task_id order by f.ordinal), '{}') into v_released from freed f;
  perform append_event(p_execution, 'task.released', f, null, '{"by": "person", "hold": "budget"}') from unnest(v_released) as f;
  perform settle(p_execution);
  return v_released;
end $$;

-- ------------------------------------------------------------------------------------------------------------ retention
--
-- What ended long ago lets go of its log, a batch per transaction: no statement holds a lock for long, and whoever reads or runs waits for none of
-- them. The execution, its tasks and their results stay. The log is append-only for everybody else.

alter table executions add column events_pruned_at timestamptz;
create index executions_with_events on executions (finished_at)
  where finished_at is not null and (events_pruned_at is null or events_pruned_at < finished_at);

create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('longhaul.pruning', true) = 'on' then return old; end if;
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;

create function prunable_events(p_before timestamptz) returns table (executions bigint, events bigint) language sql stable as $$
  select count(distinct e.id), count(v.seq) from executions e left join execution_events v on v.execution_id = e.id
  where e.finished_at < p_before and (e.events_pruned_at is null or e.events_pruned_at < e.finished_at)
$$;

-- Deletes at most so many events of one execution that ended before then, oldest first; null when none is left to do.
create function prune_events(p_before timestamptz, p_limit integer) returns integer language plpgsql as $$
declare
  v_execution uuid;
  v_count integer;
begin
  select e.id into v_execution from executions e
    where e.finished_at is not null and e.finished_at < p_before and (e.events_pruned_at is null or e.events_pruned_at < e.finished_at)
    order by e.finished_at limit 1 for no key update skip locked;
  if not found then return null; end if;
  perform set_config('longhaul.pruning', 'on', true);
  delete from execution_events v where v.execution_id = v_execution
    and v.seq in (select x.seq from execution_events x where x.execution_id = v_execution order by x.seq limit p_limit);
  get diagnostics v_count = row_count;
  perform set_config('longhaul.pruning', 'off', true);
  if v_count < p_limit then
    update executions set events_pruned_at = longhaul_now() where id = v_execution;
  end if;
  return v_count;
end $$;
