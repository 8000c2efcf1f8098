-- Workspaces: going back to a checkpoint, with the files.
--
--   rollbacks   intended → done        the row is written first, then the files are put back, then state and event follow in one transaction.
--               intended → failed      the files could not all be put back; tasks and events are as they were, undo_ref has the files
--
-- Failure story. While a row is `intended` the execution is paused (or has ended) and every command on it is refused, so that nothing can
-- start between the files and the state. A node that was killed in between finds its row at the next start and does the rest; putting the
-- files back can be repeated. What was there before is kept twice: the files behind undo_ref, the states of all tasks in tasks_before.

create table rollbacks (
  execution_id  uuid not null references executions (id) on delete cascade,
  number        integer not null,          -- 1.. per execution
  node_id       text not null,             -- whose machine has the workspace
  status        text not null check (status in ('intended', 'done', 'failed')),
  target        jsonb not null,            -- {taskId, moment, attempt, seq}, or {undoes: number}
  workspace     text not null,
  tree          text not null,             -- the files it goes to
  undo_ref      text,                      -- what keeps the files from before
  undo_tree     text,
  tasks_before  jsonb not null,            -- rows of execution_tasks that were not pending
  reopened      text[],
  message       text,
  created_at    timestamptz not null,
  finished_at   timestamptz,
  primary key (execution_id, number)
);
create index rollbacks_open on rollbacks (node_id) where status = 'intended';
create index checkpoints_by_time on checkpoints (created_at) where snapshot_ref is not null;

create function save_checkpoint(p_execution uuid, p_ordinal integer, p_attempt integer, p_moment text, p_seq bigint, p_state jsonb, p_ref text)
returns void language sql as $$
  insert into checkpoints (execution_id, ordinal, attempt, moment, seq, state, snapshot_ref, created_at)
    values (p_execution, p_ordinal, p_attempt, p_moment, p_seq, p_state, p_ref, longhaul_now())
  on conflict (execution_id, ordinal, attempt, moment) do update
    set seq = excluded.seq, state = excluded.state, snapshot_ref = excluded.snapshot_ref, created_at = excluded.created_at
$$;

-- The tasks that ended or were begun later than that event, which going back to it makes pending again. p_keep is the task whose end is
-- gone back to: the event of its own end comes after its checkpoint.
create function tasks_since(p_execution uuid, p_seq bigint, p_keep integer) returns integer[] language sql stable as $$
  select coalesce(array_agg(t.ordinal order by t.ordinal), '{}') from execution_tasks t
  where t.execution_id = p_execution and t.ordinal is distinct from p_keep and t.status <> 'pending'
    and coalesce(t.skip_cause, 'dependency') = 'dependency'
    and exists (select from execution_events v where v.execution_id = p_execution and v.seq > p_seq and v.task_id = t.task_id
      and v.type in ('task.started', 'task.completed', 'task.failed', 'task.cancelled'))
$$;

-- Those tasks with everything that hangs on them and is not pending: what a rollback reopens.
create function reopened_by(p_execution uuid, p_roots integer[]) returns table (ordinal integer) language sql stable as $$
  with recursive again (ordinal) as (
    select unnest(p_roots)
    union
    select d.dependent from again a join task_dependencies d on d.execution_id = p_execution and d.dependency = a.ordinal
      join execution_tasks x on x.execution_id = p_execution and x.ordinal = d.dependent
    where coalesce(x.skip_cause, 'dependency') = 'dependency'
  )
  select a.ordinal from again a join execution_tasks t on t.execution_id = p_execution and t.ordinal = a.ordinal where t.status <> 'pending'
$$;

-- The intent. Refused while a task runs in the execution or in its workspace.
create function begin_rollback(p_execution uuid, p_node text, p_target jsonb, p_workspace text, p_tree text) returns integer
language plpgsql as $$
declare
  e executions := lock_execution(p_execution);
  v_other uuid;
  v_number integer;
begin
  if e.running > 0 then
    raise exception '% task(s) of execution % are running: pause it and wait until they have ended, or cancel it', e.running, p_execution
      using errcode = 'LH409';
  end if;
  select o.id into v_other from executions o
    where o.workspace = e.workspace and o.id <> p_execution and o.running > 0 and o.status in ('running', 'paused', 'blocked') limit 1;
  if found then
    raise exception 'execution % is running tasks in the same workspace, %', v_other, e.workspace using errcode = 'LH409';
  end if;
  select coalesce(max(number), 0) + 1 into v_number from rollbacks where execution_id = p_execution;
  insert into rollbacks (execution_id, number, node_id, status, target, workspace, tree, tasks_before, created_at)
    select p_execution, v_number, p_node, 'intended', p_target, p_workspace, p_tree,
           coalesce((select jsonb_agg(to_jsonb(t) - 'execution_id') from execution_tasks t
                     where t.execution_id = p_execution and t.status <> 'pending'), '[]'),
           longhaul_now();
  if e.status in ('created', 'queued', 'running', 'blocked') then
    update executions set status = 'paused', reason = 'is being rolled back' where id = p_execution;
    perform append_event(p_execution, 'execution.paused', null, null, '{"reason": "rollback"}');
  end if;
  return v_number;
end $$;

-- State and event, once the files are back. Repeating it changes nothing.
create function commit_rollback(p_execution uuid, p_number integer, p_undo_ref text, p_undo_tree text) returns text[]
language plpgsql as $$
declare
  r rollbacks;
  v_why text;
  v_tasks jsonb;
  v_reopened text[];
begin
  perform from executions where id = p_execution for no key update;
  select * into strict r from rollbacks where execution_id = p_execution and number = p_number;
  if r.status <> 'intended' then return r.reopened; end if;
  if r.target ? 'undoes' then
    v_why := format('rollback %s was undone', r.target ->> 'undoes');
    select u.tasks_before into strict v_tasks from rollbacks u where u.execution_id = p_execution and u.number = (r.target ->> 'undoes')::integer;
    with restored as ( -- attempt numbers never go back: they fence
      update execution_tasks x set status = case when t.status in ('in_progress', 'verifying', 'retrying') then 'pending' else coalesce(t.status, 'pending') end,
        skip_cause = t.skip_cause, failures = coalesce(t.failures, 0), not_before = null, node_id = null, message = t.message, result = t.result,
        started_at = t.started_at, finished_at = t.finished_at
      from execution_tasks y left join jsonb_populate_recordset(null::execution_tasks, v_tasks) t on t.ordinal = y.ordinal
      where y.execution_id = p_execution and x.execution_id = p_execution and x.ordinal = y.ordinal
        and (x.status, x.finished_at, x.skip_cause) is distinct from (coalesce(t.status, 'pending'), t.finished_at, t.skip_cause)
      returning x.ordinal, x.task_id
    ) select coalesce(array_agg(task_id order by ordinal), '{}') into v_reopened from restored;
  else
    v_why := format('rolled back to the state %s task %s', r.target ->> 'moment', r.target ->> 'taskId');
    v_reopened := array(select t.task_id from reopened_by(p_execution, tasks_since(p_execution, (r.target ->> 'seq')::bigint,
        case when r.target ->> 'moment' = 'after' then (r.target ->> 'ordinal')::integer end)) o
      join execution_tasks t on t.execution_id = p_execution and t.ordinal = o.ordinal order by t.ordinal);
    perform reopen(p_execution, array(select t.ordinal from execution_tasks t where t.execution_id = p_execution and t.task_id = any (v_reopened)),
      true, v_why);
  end if;
  update rollbacks set status = 'done', undo_ref = p_undo_ref, undo_tree = p_undo_tree, reopened = v_reopened, finished_at = longhaul_now()
    where execution_id = p_execution and number = p_number;
  update executions set status = 'paused', reason = v_why || '; resume goes on from there', finished_at = null, consecutive_failures = 0
    where id = p_execution;
  perform append_event(p_execution, 'execution.rolled_back', r.target ->> 'taskId', null,
    jsonb_build_object('number', p_number, 'target', r.target, 'tree', r.tree, 'undoRef', p_undo_ref, 'tasks', to_jsonb(v_reopened), 'reason', v_why));
  perform settle(p_execution);
  return v_reopened;
end $$;

-- The files could not all be put back: tasks stay as they are, and undoing brings back the files from before.
create function fail_rollback(p_execution uuid, p_number integer, p_message text, p_undo_ref text, p_undo_tree text) returns void
language plpgsql as $$
begin
  perform from executions where id = p_execution for no key update;
  update rollbacks set status = 'failed', message = p_message, undo_ref = p_undo_ref, undo_tree = p_undo_tree, finished_at = longhaul_now()
    where execution_id = p_execution and number = p_number and status = 'intended';
  update executions set reason = 'a rollback failed: ' || p_message where id = p_execution and status = 'paused';
end $$;

-- Landing: what a task did in a worktree of its own is merged onto the branch it is for, one queue per repository and branch.
--
--   landings     queued → landed        its commit is on the branch; the task completes only then
--                queued → conflict      it does not merge; the task waits for a person and is queued again with what they made of it
--                queued → rejected      it merges, and the result fails its checks; the task failed
--
-- Failure story. The commit is kept by a hidden ref before its row is queued. A node that is killed finds its attempts again, which queue the
-- same row again; one whose merge was published already is found on the branch and only noted.

create table landings (
  execution_id  uuid not null references executions (id) on delete cascade,
  ordinal       integer not null,
  attempt       integer not null,
  repository    text not null,
  branch        text not null,
  head          text not null,             -- the commit to be merged
  status        text not null default 'queued' check (status in ('queued', 'landed', 'conflict', 'rejected')),
  merged        text,                      -- the commit of the branch that has it
  message       text,
  created_at    timestamptz not null,
  finished_at   timestamptz,
  primary key (execution_id, ordinal, attempt)
);

-- Returns how it stands: a landing that ended stays as it is.
create function queue_landing(p_execution uuid, p_ordinal integer, p_attempt integer, p_repository text, p_branch text, p_head text)
returns landings language plpgsql as $$
declare
  v_landing landings;
begin
  insert into landings (execution_id, ordinal, attempt, repository, branch, head, created_at)
    values (p_execution, p_ordinal, p_attempt, p_repository, p_branch, p_head, longhaul_now())
    on conflict (execution_id, ordinal, attempt) do update set head = excluded.head where landings.status = 'queued';
  select * into strict v_landing from landings where execution_id = p_execution and ordinal = p_ordinal and attempt = p_attempt;
  return v_landing;
end $$;

-- False when the attempt was superseded, or this was noted before.
create function end_landing(p_execution uuid, p_ordinal integer, p_attempt integer, p_status text, p_merged text, p_message text)
returns boolean language plpgsql as $$
declare
  v_task_id text;
  v_branch text;
begin
  perform from executions where id = p_execution for no key update;
  select task_id into v_task_id from execution_tasks where execution_id = p_execution and ordinal = p_ordinal and attempt = p_attempt;
  if not found then return false; end if;
  update landings set status = p_status, merged = p_merged, message = p_message, finished_at = longhaul_now()
    where execution_id = p_execution and ordinal = p_ordinal and attempt = p_attempt and status = 'queued' returning branch into v_branch;
  if not found then return false; end if;
  if p_status = 'landed' then
    perform append_event(p_execution, 'task.landed', v_task_id, p_attempt,
      jsonb_strip_nulls(jsonb_build_object('branch', v_branch, 'commit', p_merged, 'message', p_message)));
    perform wake_watchers(array[p_execution]);
  end if;
  return true;
end $$;

-- Cleaning up. Snapshots go by whole executions: those that ended, and were kept and gone back over for the last time, before p_before.
-- A ref may serve executions that came later, because a tree that did not change is not kept twice: `keep` names those that still do.
create function stale_snapshots(p_before timestamptz) returns table (execution_id uuid, workspace text, keep text[]) language sql stable as $$
  with old as (
    select distinct c.execution_id from checkpoints c where c.snapshot_ref is not null and c.created_at < p_before limit 200
  )
  select e.id, w.workspace, array(
      select distinct c.snapshot_ref from checkpoints c join executions o on o.id = c.execution_id
      where c.snapshot_ref like 'refs/longhaul/' || e.id || '/%' and c.execution_id <> e.id
        and (c.created_at >= p_before or o.finished_at is null or o.finished_at >= p_before))
  from old join executions e on e.id = old.execution_id
  cross join lateral (
    select distinct c.state ->> 'workspace' as workspace from checkpoints c where c.execution_id = e.id and c.snapshot_ref is not null
  ) w
  where e.finished_at < p_before
    and not exists (select from checkpoints c where c.execution_id = e.id and c.created_at >= p_before)
    and not exists (select from rollbacks r where r.execution_id = e.id and r.created_at >= p_before)
$$;

create function forget_snapshots(p_execution uuid, p_workspace text, p_keep text[]) returns void language sql as $$
  update checkpoints set snapshot_ref = null, state = state || '{"problem": "its snapshot was cleaned up"}'
    where execution_id = p_execution and state ->> 'workspace' = p_workspace and snapshot_ref <> all (p_keep);
  update rollbacks set undo_ref = null, undo_tree = null where execution_id = p_execution and workspace = p_workspace;
$$;

-- Worktrees that are done with: their task completed, or their execution ended before p_before.
create function finished_worktrees(p_execution uuid, p_before timestamptz) returns setof integer language sql stable as $$
  select t.ordinal from execution_tasks t join executions e on e.id = t.execution_id
  where t.execution_id = p_execution and t.status = 'completed' and t.finished_at < longhaul_now() - interval '10 minutes'
     or t.execution_id = p_execution and e.finished_at < p_before
$$;
