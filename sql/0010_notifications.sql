-- Notifications: what is owed to channels, from the event that caused it to the answer of the service.
--
--   event appended ── trigger, same transaction ──▶ notification_intents ── router (TypeScript rules) ──▶ notifications ── channels
--
-- The trigger decides only whether an event can concern anybody; which channel gets which words is decided by the router, which deletes the
-- intent and inserts its messages in one transaction. So a crash anywhere leaves the intent or the messages, never both and never neither.
--
--   queued ──claim──▶ sending ──settle──▶ sent | failed | suppressed | queued again with a later not_before
--
-- A node that dies while sending leaves its messages in `sending`: its next process releases them at once, others when the lease in
-- not_before has run out. The service may have got such a message already, which is why every message keeps its id over all tries.

create table notification_routes (
  event_type  text primary key,
  wanted      boolean not null default false   -- by a configured channel; set by the nodes at start
);
insert into notification_routes (event_type) values
  ('task.started'), ('task.completed'), ('task.failed'), ('task.awaiting_human'), ('execution.completed'), ('execution.failed'),
  ('execution.cancelled'), ('execution.halted'), ('approval.requested'), ('approval.unanswered'), ('approval.expiring'), ('approval.approved'), ('approval.rejected'), ('approval.expired');

create table notification_intents (
  execution_id  uuid not null,
  seq           bigint not null,
  primary key (execution_id, seq)
);

alter table notifications drop constraint notifications_status_check;
alter table notifications add constraint notifications_status_check check (status in ('queued', 'sending', 'sent', 'failed', 'suppressed'));
alter table notifications
  add column target text,              -- address of this execution's own webhook; null is the channel's own
  add column destination text not null generated always as
    (case when target is null then channel else channel || ':' || md5(target) end) stored,
  add column claimed_by text,
  add column error text;
-- A plan's own webhook is told as well as the standing one.
alter table notifications drop constraint notifications_execution_id_seq_channel_key;
alter table notifications add constraint notifications_once unique (execution_id, seq, destination);
drop index notifications_due;
create index notifications_due on notifications (channel, destination, not_before) where status in ('queued', 'sending');

-- What a service asked for: nothing is sent there before. By destination, so that the webhook of one plan holds up nobody else's. Shared by all nodes.
create table notification_blocks (
  destination    text primary key,
  blocked_until  timestamptz not null
);

-- Executions that were handed off with an address of their own to tell, or with wishes of their own.
create table notified_executions (
  execution_id  uuid primary key references executions (id) on delete cascade deferrable initially deferred
);
create function note_wishes() returns trigger language plpgsql as $$
begin
  insert into notified_executions (execution_id) values (new.id);
  return null;
end $$;
create trigger executions_with_wishes after insert on executions for each row when (new.options ? 'webhookUrl' or new.options ? 'notifications') execute function note_wishes();

-- Runs once per statement and returns at once when nobody wants anything.
create function intend_notifications() returns trigger language plpgsql as $$
begin
  if not exists (select from notification_routes r where r.wanted) and not exists (select from notified_executions) then return null; end if;
  insert into notification_intents (execution_id, seq)
    select n.execution_id, n.seq from appended n join notification_routes r on r.event_type = n.type
    where r.wanted or exists (select from notified_executions x where x.execution_id = n.execution_id);
  if found then perform pg_notify('longhaul_notify', ''); end if;
  return null;
end $$;
create trigger execution_events_notify after insert on execution_events referencing new table as appended
  for each statement execute function intend_notifications();

-- Turns intents into messages. Another node may have done the same meanwhile: only intents that are still there bring messages.
create function route_notifications(p_execution uuid[], p_seq bigint[], p_messages jsonb) returns void language sql as $$
  with taken as (
    delete from notification_intents i using unnest(p_execution, p_seq) g (execution_id, seq)
    where i.execution_id = g.execution_id and i.seq = g.seq returning i.execution_id, i.seq
  )
  insert into notifications (id, execution_id, seq, channel, message, target, not_before, status)
    select m.id, m."executionId", m.seq, m.channel, m.message, m.target, coalesce(m."notBefore", longhaul_now()), coalesce(m.status, 'queued')
    from jsonb_to_recordset(p_messages) m (id uuid, "executionId" uuid, seq bigint, channel text, message jsonb, target text,
      "notBefore" timestamptz, status text)
    join taken t on t.execution_id = m."executionId" and t.seq = m.seq
    on conflict do nothing
$$;

-- Messages to be sent now, oldest first and some of every destination; they are this caller's until p_seconds have passed.
create function claim_notifications(p_node text, p_channels text[], p_each integer, p_limit integer, p_seconds double precision)
returns setof notifications language sql as $$
  update notifications n set status = 'sending', claimed_by = p_node, tries = n.tries + 1, not_before = longhaul_now() + p_seconds * interval '1 second'
  from (
    select due.id
    from (
      select distinct x.destination from notifications x
      where x.status in ('queued', 'sending') and x.channel = any (p_channels) and x.not_before <= longhaul_now()
        and not exists (select from notification_blocks b where b.destination = x.destination and b.blocked_until > longhaul_now())
    ) d
    cross join lateral (
      select x.id from notifications x
      where x.status in ('queued', 'sending') and x.destination = d.destination and x.not_before <= longhaul_now()
        and x.channel = any (p_channels)
      order by x.created_at, x.seq limit p_each for update skip locked
    ) due
    limit p_limit
  ) mine
  where n.id = mine.id
  returning n.*
$$;
