-- Approvals: what is approved, by whom, through which channel; and that each counts once.
--
-- A task in awaiting_approval has at most one pending approval. It names a digest of exactly what is approved; whoever decides sends that digest
-- back, and what has changed since is another approval. One that expires leaves the task waiting: nothing goes ahead by itself.

alter table approvals
  add column note    text,
  add column warned  boolean not null default false,
  add column reminders integer not null default 0,
  add column used_at timestamptz;      -- when the first task that it lets go ahead was started
create index approvals_unused on approvals (execution_id) where status = 'approved' and used_at is null;
create unique index approvals_pending on approvals (execution_id, ordinal) where status = 'pending';
create index approvals_by_execution on approvals (execution_id);

-- Tasks that wait for an approval, with their pending one if there is any.
create function unapproved_tasks() returns table (execution_id uuid, ordinal integer, approval_id uuid, digest text, requested_at timestamptz,
  expires_at timestamptz, warned boolean, reminders integer)
language sql stable as $$
  select t.execution_id, t.ordinal, a.id, a.digest, a.requested_at, a.expires_at, a.warned, a.reminders
  from executions e
  join execution_tasks t on t.execution_id = e.id and t.status = 'awaiting_approval'
  left join approvals a on a.execution_id = t.execution_id and a.ordinal = t.ordinal and a.status = 'pending'
  where e.status in ('created', 'queued', 'running', 'paused', 'blocked') and e.waiting > 0
$$;

-- Asks for an approval. A pending one for something else (p_digest differs) or past its time is closed first. Returns the id of the pending one.
create function request_approval(p_id uuid, p_execution uuid, p_ordinal integer, p_subject jsonb, p_digest text, p_seconds double precision)
returns uuid language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  t execution_tasks;
  a approvals;
begin
  select * into t from execution_tasks x where x.execution_id = p_execution and x.ordinal = p_ordinal;
  if not found or t.status <> 'awaiting_approval' then return null; end if;
  select * into a from approvals x where x.execution_id = p_execution and x.ordinal = p_ordinal and x.status = 'pending';
  if found then
    if a.digest = p_digest and a.expires_at > longhaul_now() then return a.id; end if;
    update approvals x set status = 'expired', decided_at = longhaul_now(),
      note = case when a.digest = p_digest then 'its time ran out' else 'what was to be approved changed' end where x.id = a.id;
    perform append_event(p_execution, 'approval.expired', t.task_id, null, jsonb_build_object('approvalId', a.id, 'digest', a.digest));
  end if;
  insert into approvals (id, execution_id, ordinal, subject, digest, expires_at)
    values (p_id, p_execution, p_ordinal, p_subject, p_digest, longhaul_now() + p_seconds * interval '1 second');
  perform append_event(p_execution, 'approval.requested', t.task_id, null,
    jsonb_build_object('approvalId', p_id, 'digest', p_digest, 'title', p_subject ->> 'title'));
  perform wake_watchers(array[p_execution]);
  return p_id;
end $$;

create function warn_of_expiry(p_id uuid) returns void language plpgsql as $$
declare
  a approvals;
begin
  update approvals x set warned = true where x.id = p_id and x.status = 'pending' and not x.warned returning * into a;
  if not found then return; end if;
  perform append_event(a.execution_id, 'approval.expiring', (select t.task_id from execution_tasks t where t.execution_id = a.execution_id
    and t.ordinal = a.ordinal), null, jsonb_build_object('approvalId', a.id, 'expiresAt', a.expires_at));
  perform wake_watchers(array[a.execution_id]);
end $$;

-- Reminds of one that nobody decides; p_number keeps two nodes from reminding twice.
create function remind_of_approval(p_id uuid, p_number integer) returns void language plpgsql as $$
declare
  a approvals;
begin
  update approvals x set reminders = p_number where x.id = p_id and x.status = 'pending' and x.reminders = p_number - 1 returning * into a;
  if not found then return; end if;
  perform append_event(a.execution_id, 'approval.unanswered', (select t.task_id from execution_tasks t where t.execution_id = a.execution_id
    and t.ordinal = a.ordinal), null, jsonb_build_object('approvalId', a.id, 'reminder', p_number,
    'waitedSeconds', floor(extract(epoch from longhaul_now() - a.requested_at))));
  perform wake_watchers(array[a.execution_id]);
end $$;

-- Decides once. A repeated decision that says the same changes nothing; one that says something else, or comes too late, is refused.
create function decide_approval(p_id uuid, p_digest text, p_approve boolean, p_by text, p_channel text, p_note text) returns boolean
language plpgsql as $$
declare
  a approvals;
  e executions;
  v_wanted text := case when p_approve then 'approved' else 'rejected' end;
begin
  select * into a from approvals x where x.id = p_id;
  if not found then raise exception 'no approval %', p_id using errcode = 'LH404'; end if;
  e := lock_execution(a.execution_id);
  select * into a from approvals x where x.id = p_id;
  if a.digest <> p_digest then
    raise exception 'approval % is for something else than was shown', p_id using errcode = 'LH409';
  end if;
  if a.status = v_wanted then return false; end if;
  if a.status <> 'pending' or a.expires_at <= longhaul_now() then
    raise exception 'approval % is %', p_id, case when a.status = 'pending' then 'expired' else a.status end using errcode = 'LH409';
  end if;
  update approvals x set status = v_wanted, decided_at = longhaul_now(), decided_by = p_by, channel = p_channel, note = p_note where x.id = p_id;
  perform append_event(a.execution_id, 'approval.' || v_wanted, (select t.task_id from execution_tasks t where t.execution_id = a.execution_id
    and t.ordinal = a.ordinal), null,
    jsonb_strip_nulls(jsonb_build_object('approvalId', p_id, 'digest', p_digest, 'by', p_by, 'channel', p_channel, 'note', p_note)));
  perform complete_waiting(a.execution_id, a.ordinal, case when p_approve then 'done' else 'failed' end,
    coalesce(p_note, v_wanted || ' by ' || p_by || ' (' || p_channel || ')'));
  return true;
end $$;
