-- Longhaul's tables, by concern.
--
--   definition   conversations, plans, plan_tasks, plan_subtasks        what was handed off; never changed by running it
--   run state    executions, execution_tasks, task_dependencies         the DAG as rows, with counters instead of scans
--   history      execution_events, attempts, execution_metrics          append-only, enough to replay the run state
--   effects      notifications, approvals, artifacts, checkpoints       what is owed to the outside world
--   fleet        nodes, agents, concurrency_limits                      who may run what; a lease belongs to a node
--
-- Every run-state and history table leads with execution_id, so that executions can be sharded by it.
-- Lock order, everywhere: executions in id order, then their tasks. Whoever changes a task holds the lock of its execution,
-- which also hands out the gapless seq of its events.

create function longhaul_now() returns timestamptz language sql volatile as $$
  -- The one clock of the engine. Tests set longhaul.now; leases therefore never depend on the clock of a node.
  select coalesce(nullif(current_setting('longhaul.now', true), '')::timestamptz, clock_timestamp())
$$;

-- ------------------------------------------------------------------------------------------------------------ definition

create table conversations (
  id          text primary key,
  created_at  timestamptz not null default now()
);

create table plans (
  id               uuid primary key,
  conversation_id  text not null references conversations (id),
  source           text not null check (source in ('ROADMAP', 'SPEC', 'TASK_LIST', 'INLINE', 'INTENT')),
  title            text not null,
  document         jsonb not null,   -- the plan without its tasks
  report           jsonb not null,   -- what the reader saw besides the plan
  created_at       timestamptz not null default now()
);
create index plans_by_conversation on plans (conversation_id);

create table plan_tasks (
  plan_id  uuid not null references plans (id) on delete cascade,
  ordinal  integer not null,
  task_id  text not null,
  leaf     boolean not null,
  spec     jsonb not null,
  primary key (plan_id, ordinal),
  unique (plan_id, task_id)
);

create table plan_subtasks (
  plan_id  uuid not null,
  parent   integer not null,
  child    integer not null,
  primary key (plan_id, parent, child),
  foreign key (plan_id, parent) references plan_tasks (plan_id, ordinal) on delete cascade,
  foreign key (plan_id, child) references plan_tasks (plan_id, ordinal) on delete cascade
);

-- ------------------------------------------------------------------------------------------------------------- run state

create table executions (
  id                    uuid primary key,   -- UUIDv7: sorts by time of handoff
  plan_id               uuid not null references plans (id),
  conversation_id       text not null references conversations (id),
  status                text not null check (status in
                          ('created', 'queued', 'running', 'paused', 'blocked', 'completed', 'failed', 'cancelled')),
  reason                text,
  priority              smallint not null default 0,
  options               jsonb not null,
  workspace             text not null,
  max_running           integer not null check (max_running > 0),
  -- Counters of its tasks. pending is what is left over, so it needs no column.
  total                 integer not null check (total >= 0),
  ready                 integer not null default 0 check (ready >= 0),      -- queued
  running               integer not null default 0 check (running >= 0),    -- in_progress, verifying
  retrying              integer not null default 0 check (retrying >= 0),
  waiting               integer not null default 0 check (waiting >= 0),    -- awaiting_human, awaiting_approval, blocked
  completed             integer not null default 0,
  failed                integer not null default 0,
  skipped               integer not null default 0,
  cancelled             integer not null default 0,
  consecutive_failures  integer not null default 0,
  cost_usd              double precision not null default 0,
  tokens                bigint not null default 0,
  last_seq              bigint not null default 0,
  watched_until         timestamptz,        -- somebody reads its stream: NOTIFY is worth its price until then
  created_at            timestamptz not null,
  claimed_at            timestamptz,
  started_at            timestamptz,
  finished_at           timestamptz,
  check (ready + running + retrying + waiting + completed + failed + skipped + cancelled <= total),
  check ((finished_at is not null) = (status in ('completed', 'failed', 'cancelled')))
) with (fillfactor = 50);
create index executions_by_status on executions (status, priority desc) where status in ('created', 'queued', 'running', 'paused', 'blocked');
create index executions_by_conversation on executions (conversation_id);

create table idempotency_keys (
  key           text primary key,
  execution_id  uuid not null,
  digest        text not null   -- of the request, so that a reused key with another plan is refused rather than swallowed
);

create table execution_tasks (
  execution_id     uuid not null references executions (id) on delete cascade deferrable initially deferred,
  ordinal          integer not null,        -- as in plan_tasks
  task_id          text not null,
  kind             text not null,
  priority         smallint not null default 0,
  status           text not null check (status in ('pending', 'queued', 'in_progress', 'verifying', 'awaiting_approval',
                     'awaiting_human', 'blocked', 'retrying', 'completed', 'failed', 'skipped', 'cancelled')),
  ready_status     text not null default 'queued' check (ready_status in ('queued', 'awaiting_human', 'awaiting_approval')),
  unmet            integer not null default 0 check (unmet >= 0),   -- unfinished dependencies
  attempt          integer not null default 0,   -- counts attempts, and is the fencing number of the current one
  failures         integer not null default 0,   -- attempts burnt since the task was last reset
  max_attempts     integer not null default 3,
  node_id          text,
  not_before       timestamptz,
  output_offset    bigint not null default 0,    -- bytes of output that are in the event log
  skip_cause       text check (skip_cause in ('dependency', 'deferred', 'user', 'already_done', 'optional')),
  -- dependency and deferred do not satisfy what hangs on the task, the other causes do
  message          text,
  result           jsonb,
  started_at       timestamptz,
  finished_at      timestamptz,
  primary key (execution_id, ordinal),
  check ((status in ('in_progress', 'verifying')) = (node_id is not null)),
  check ((status = 'retrying') = (not_before is not null)),
  check ((status = 'skipped') = (skip_cause is not null))
) with (fillfactor = 60);
create index execution_tasks_queued on execution_tasks (execution_id, kind, priority desc, ordinal) where status = 'queued';
-- No more indexes than these two: every one on this table made the whole engine 4 % slower, because a change of status writes them all.
-- What is rare (running, retrying, waiting tasks of all executions) is found through the counters of executions.

create table task_dependencies (
  execution_id  uuid not null,
  dependency    integer not null,
  dependent     integer not null,
  primary key (execution_id, dependency, dependent),
  check (dependency <> dependent)
);
create index task_dependencies_by_dependent on task_dependencies (execution_id, dependent);

-- --------------------------------------------------------------------------------------------------------------- history

create table execution_events (
  execution_id  uuid not null,
  seq           bigint not null,   -- 1..n without a gap inside one execution
  type          text not null,
  task_id       text,
  attempt       integer,
  at            timestamptz not null,
  data          jsonb not null,
  primary key (execution_id, seq)
) partition by range (execution_id);
-- Partitioned by the id and not by `at`: a UUIDv7 starts with its time, so a partition holds the executions handed off in one month,
-- (execution_id, seq) stays unique by index, a reader touches one partition, and retention drops a whole partition without a long lock.

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;
create trigger execution_events_append_only before update or delete on execution_events
  for each row execute function refuse_change();
create trigger execution_events_no_truncate before truncate on execution_events
  for each statement execute function refuse_change();

create function uuid_lower_bound(p_time timestamptz) returns uuid language sql immutable strict as $$
  select (lpad(to_hex((extract(epoch from p_time) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

create function ensure_event_partitions(p_months integer) returns void language plpgsql as $$
declare
  v_month timestamptz;
  v_name text;
begin
  for v_month in select generate_series(date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' - interval '1 month',
                                        date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' + p_months * interval '1 month',
                                        interval '1 month') loop
    v_name := 'execution_events_' || to_char(v_month at time zone 'UTC', 'YYYY_MM');
    if to_regclass(v_name) is null then
      execute format('create table %I partition of execution_events for values from (%L) to (%L)',
                     v_name, uuid_lower_bound(v_month), uuid_lower_bound(v_month + interval '1 month'));
      execute format('create trigger no_truncate before truncate on %I for each statement execute function refuse_change()', v_name);
    end if;
  end loop;
end $$;
create table execution_events_other partition of execution_events default;
create trigger no_truncate before truncate on execution_events_other for each statement execute function refuse_change();
select ensure_event_partitions(3);

create table attempts (
  execution_id   uuid not null,
  ordinal        integer not null,
  attempt        integer not null,
  node_id        text not null,
  failure_class  text,
  started_at     timestamptz not null,
  finished_at    timestamptz not null,
  detail         jsonb not null,
  primary key (execution_id, ordinal, attempt)
);
-- Attempts that failed. The one that succeeded is in execution_tasks itself: one row fewer per task.

create table execution_metrics (
  execution_id  uuid not null,
  ordinal       integer,
  metric        text not null,
  value         double precision not null,
  recorded_at   timestamptz not null default now()
);
create index execution_metrics_by_execution on execution_metrics (execution_id, metric);

create materialized view metric_trends as
  select date_trunc('day', recorded_at) as day, metric, count(*) as samples, avg(value) as mean,
         percentile_cont(0.5) within group (order by value) as median, min(value) as minimum, max(value) as maximum
  from execution_metrics group by 1, 2;
create unique index metric_trends_key on metric_trends (day, metric);

-- --------------------------------------------------------------------------------------------------------------- effects

create table notifications (
  id            uuid primary key,
  execution_id  uuid not null,
  seq           bigint not null,      -- of the event it tells about
  channel       text not null,
  message       jsonb not null,
  status        text not null default 'queued' check (status in ('queued', 'sent', 'failed', 'suppressed')),
  tries         integer not null default 0,
  not_before    timestamptz not null default now(),
  created_at    timestamptz not null default now(),
  sent_at       timestamptz,
  unique (execution_id, seq, channel)
);
create index notifications_due on notifications (not_before) where status = 'queued';

create table approvals (
  id            uuid primary key,
  execution_id  uuid not null references executions (id) on delete cascade,
  ordinal       integer,
  subject       jsonb not null,
  digest        text not null,        -- of exactly what is approved
  status        text not null default 'pending' check (status in ('pending', 'approved', 'rejected', 'expired')),
  requested_at  timestamptz not null default now(),
  expires_at    timestamptz,
  decided_at    timestamptz,
  decided_by    text,
  channel       text
);

create table checkpoints (
  execution_id  uuid not null references executions (id) on delete cascade,
  ordinal       integer not null,
  attempt       integer not null,
  moment        text not null check (moment in ('before', 'after')),
  seq           bigint not null,
  state         jsonb not null,
  snapshot_ref  text,
  created_at    timestamptz not null default now(),
  primary key (execution_id, ordinal, attempt, moment)
);

create table artifacts (
  id            uuid primary key,
  execution_id  uuid not null references executions (id) on delete cascade,
  ordinal       integer,
  attempt       integer,
  name          text not null,
  media_type    text not null,
  bytes         bigint not null,
  digest        text not null,
  location      text not null,
  created_at    timestamptz not null default now()
);
create index artifacts_by_execution on artifacts (execution_id, ordinal);

create table patterns (
  id            uuid primary key,
  execution_id  uuid not null,
  task_id       text not null,
  payload       jsonb not null,
  created_at    timestamptz not null default now(),
  unique (execution_id, task_id)
);

-- ----------------------------------------------------------------------------------------------------------------- fleet

create table nodes (
  id           text primary key,
  incarnation  bigint not null,          -- counts starts; an older process of the same node is fenced off by it
  lease_until  timestamptz not null,     -- of everything this node runs
  sleeping     boolean not null default false,
  version      text not null,
  started_at   timestamptz not null
) with (fillfactor = 50);

create table agents (
  id             uuid primary key,
  name           text not null,
  capabilities   text[] not null,
  token_digest   text not null unique,
  status         text not null default 'active' check (status in ('active', 'blocked', 'revoked')),
  last_seen_at   timestamptz,
  registered_at  timestamptz not null default now()
);

create table concurrency_limits (
  kind         text primary key,         -- '*' limits all kinds together
  max_running  integer not null check (max_running >= 0)
);

create view conversation_executions as
  select c.id as conversation_id, e.id as execution_id, e.plan_id, p.title, e.status, e.created_at, e.started_at, e.finished_at
  from conversations c join executions e on e.conversation_id = c.id join plans p on p.id = e.plan_id;
