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
