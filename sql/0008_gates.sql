-- What the orchestrator saw when it checked: evidence as artifacts, and what each gate said.
--
-- Both are written beside a running attempt, by functions that take the execution's lock, ask whether the attempt is still the current one and
-- append their event in the same transaction. Run again after a kill they change what is there, and say so once.

create unique index artifacts_by_attempt on artifacts (execution_id, ordinal, attempt, name);

create table gate_results (
  execution_id  uuid not null references executions (id) on delete cascade,
  ordinal       integer not null,
  attempt       integer not null,
  position      integer not null,      -- of the gate among those of its task
  trigger       text not null check (trigger in ('pre', 'mid', 'post', 'evaluation')),
  name          text not null,         -- the check
  status        text not null check (status in ('passed', 'failed', 'warned')),
  on_fail       text not null check (on_fail in ('halt', 'warn', 'continue')),
  message       text not null,
  duration_ms   integer not null,
  at            timestamptz not null,
  primary key (execution_id, ordinal, attempt, position)
);

create function record_evidence(p_execution uuid, p_ordinal integer, p_attempt integer, p_artifact jsonb, p_data jsonb) returns boolean
language plpgsql as $$
declare
  v_task_id text;
begin
  perform from executions where id = p_execution for no key update;
  select task_id into v_task_id from execution_tasks
    where execution_id = p_execution and ordinal = p_ordinal and attempt = p_attempt and status in ('in_progress', 'verifying');
  if v_task_id is null then return false; end if;
  if exists (select from artifacts where execution_id = p_execution and ordinal = p_ordinal and attempt = p_attempt
             and name = p_artifact ->> 'name' and digest = p_artifact ->> 'digest') then
    return true;
  end if;
  insert into artifacts (id, execution_id, ordinal, attempt, name, media_type, bytes, digest, location, created_at)
    values ((p_artifact ->> 'id')::uuid, p_execution, p_ordinal, p_attempt, p_artifact ->> 'name', p_artifact ->> 'mediaType',
            (p_artifact ->> 'bytes')::bigint, p_artifact ->> 'digest', p_artifact ->> 'location', longhaul_now())
    on conflict (execution_id, ordinal, attempt, name) do update
      set bytes = excluded.bytes, digest = excluded.digest, location = excluded.location, created_at = excluded.created_at;
  perform append_event(p_execution, 'task.verified', v_task_id, p_attempt, p_data);
  perform wake_watchers(array[p_execution]);
  return true;
end $$;

create function record_gate(p_execution uuid, p_ordinal integer, p_attempt integer, p_gate jsonb) returns boolean language plpgsql as $$
declare
  v_task_id text;
begin
  perform from executions where id = p_execution for no key update;
  select task_id into v_task_id from execution_tasks
    where execution_id = p_execution and ordinal = p_ordinal and attempt = p_attempt and status in ('in_progress', 'verifying');
  if v_task_id is null then return false; end if;
  if exists (select from gate_results g where g.execution_id = p_execution and g.ordinal = p_ordinal and g.attempt = p_attempt
             and g.position = (p_gate ->> 'position')::integer and g.status = p_gate ->> 'status') then
    return true;
  end if;
  insert into gate_results (execution_id, ordinal, attempt, position, trigger, name, status, on_fail, message, duration_ms, at)
    values (p_execution, p_ordinal, p_attempt, (p_gate ->> 'position')::integer, p_gate ->> 'trigger', p_gate ->> 'name',
            p_gate ->> 'status', p_gate ->> 'onFail', p_gate ->> 'message', (p_gate ->> 'durationMs')::integer, longhaul_now())
    on conflict (execution_id, ordinal, attempt, position) do update
      set status = excluded.status, message = excluded.message, duration_ms = excluded.duration_ms, at = excluded.at;
  if p_gate ? 'score' then perform record_metric(p_execution, p_ordinal, 'gate_score', (p_gate ->> 'score')::double precision); end if;
  perform append_event(p_execution, 'gate.' || (p_gate ->> 'status'), v_task_id, p_attempt,
    jsonb_build_object('trigger', p_gate -> 'trigger', 'gate', p_gate -> 'name', 'message', p_gate -> 'message', 'onFail', p_gate -> 'onFail'));
  perform wake_watchers(array[p_execution]);
  return true;
end $$;

-- A failed check goes back to the executor: the attempt goes on, and its log says so.
create function record_fix(p_execution uuid, p_ordinal integer, p_attempt integer, p_iteration integer, p_message text) returns boolean
language plpgsql as $$
declare
  v_task_id text;
begin
  perform from executions where id = p_execution for no key update;
  select task_id into v_task_id from execution_tasks
    where execution_id = p_execution and ordinal = p_ordinal and attempt = p_attempt and status in ('in_progress', 'verifying');
  if v_task_id is null then return false; end if;
  if not exists (select from execution_events v where v.execution_id = p_execution and v.type = 'task.fixing' and v.task_id = v_task_id
                 and v.attempt = p_attempt and (v.data ->> 'iteration')::integer = p_iteration) then
    perform append_event(p_execution, 'task.fixing', v_task_id, p_attempt,
      jsonb_build_object('iteration', p_iteration, 'message', p_message));
    perform wake_watchers(array[p_execution]);
  end if;
  return true;
end $$;
