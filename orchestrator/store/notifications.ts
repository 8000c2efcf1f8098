/** The outbox: events that concern somebody, the messages made of them, and what became of each. */
import type { Message } from "../../notifications/message.ts";
import type { Database } from "./db.ts";

export type IntentRow = {
  execution_id: string;
  seq: string;
  type: string;
  at: Date;
  task_id: string | null;
  data: Record<string, unknown>;
  plan_title: string;
  task_title: string | null;
  seconds: number | null;
  wishes: Record<string, boolean> | null;
  webhook_url: string | null;
};
export type NewNotification = {
  id: string;
  executionId: string;
  seq: number;
  channel: string;
  message: Message;
  target: string | null;
  notBefore: string | null;
  status: "queued" | "suppressed";
};
export type Claimed = {
  id: string;
  executionId: string;
  channel: string;
  message: Message;
  target: string | null;
  /** Whom it goes to: the channel, or one plan's own address. What a service asks for holds for this. */
  destination: string;
  tries: number;
  createdAt: Date;
};
export type NotificationRow = {
  id: string;
  execution_id: string;
  channel: string;
  title: string;
  type: string;
  status: string;
  tries: number;
  error: string | null;
  created_at: Date;
  sent_at: Date | null;
};

/** @param node who claims */
export function createNotificationStore(database: Database, node: string) {
  return {
    /** What an earlier process of this node was sending when it ended. */
    async release(): Promise<void> {
      await database.query({
        name: "release_notifications",
        text: "update notifications set status = 'queued', not_before = longhaul_now() where status = 'sending' and claimed_by = $1",
        values: [node],
      });
    },
    /** Which events bring intents from now on. */
    async want(types: string[]): Promise<void> {
      await database.query({
        name: "want_notifications",
        text: "update notification_routes set wanted = event_type = any ($1) where wanted <> (event_type = any ($1))",
        values: [types],
      });
    },
    intents: (limit: number) =>
      database.query<IntentRow>({
        name: "notification_intents",
        text: `select i.execution_id, i.seq, v.type, v.at, v.task_id, v.data, l.title as plan_title, p.spec ->> 'title' as task_title,
                 case when v.task_id is null then extract(epoch from v.at - e.started_at) else extract(epoch from v.at - t.started_at) end::double precision
                   as seconds,
                 e.options -> 'notifications' as wishes, e.options ->> 'webhookUrl' as webhook_url
               from notification_intents i
               join execution_events v on v.execution_id = i.execution_id and v.seq = i.seq
               join executions e on e.id = i.execution_id join plans l on l.id = e.plan_id
               left join plan_tasks p on p.plan_id = e.plan_id and p.task_id = v.task_id
               left join execution_tasks t on t.execution_id = e.id and t.ordinal = p.ordinal
               order by v.at, i.seq limit $1`,
        values: [limit],
      }),
    async route(intents: readonly IntentRow[], messages: readonly NewNotification[]): Promise<void> {
      await database.query({
        name: "route_notifications",
        text: "select route_notifications($1, $2, $3::jsonb)",
        values: [intents.map((row) => row.execution_id), intents.map((row) => row.seq), JSON.stringify(messages)],
      });
    },
    /** @param each at most so many for one destination */
    async claim(channels: readonly string[], each: number, limit: number, leaseSeconds: number): Promise<Claimed[]> {
      const rows = await database.query<Omit<Claimed, "executionId" | "createdAt"> & { execution_id: string; created_at: Date }>({
        name: "claim_notifications",
        text: `select id, execution_id, channel, message, target, destination, tries, created_at
               from claim_notifications($1, $2, $3, $4, $5) order by created_at, seq`,
        values: [node, channels, each, limit, leaseSeconds],
      });
      return rows.map(({ execution_id, created_at, ...row }) => ({ ...row, executionId: execution_id, createdAt: created_at }));
    },
    /** What became of messages that this node still holds. */
    async settle(ids: string[], status: "sent" | "failed" | "queued", error: string | null, delaySeconds: number): Promise<void> {
      await database.query({
        name: "settle_notifications",
        text: `update notifications set status = $2, error = $3, not_before = longhaul_now() + $4 * interval '1 second',
                 sent_at = case when $2 = 'sent' then longhaul_now() end
               where id = any ($1) and status = 'sending' and claimed_by = $5`,
        values: [ids, status, error, delaySeconds, node],
      });
    },
    /** Gives back what was claimed and not tried. */
    async putBack(ids: string[], delaySeconds: number): Promise<void> {
      await database.query({
        name: "put_back_notifications",
        text: `update notifications set status = 'queued', tries = tries - 1, not_before = longhaul_now() + $2 * interval '1 second'
               where id = any ($1) and status = 'sending' and claimed_by = $3`,
        values: [ids, delaySeconds, node],
      });
    },
    async block(destination: string, seconds: number): Promise<void> {
      await database.query({
        name: "block_destination",
        text: `insert into notification_blocks (destination, blocked_until) values ($1, longhaul_now() + $2 * interval '1 second')
               on conflict (destination) do update set blocked_until = greatest(notification_blocks.blocked_until, excluded.blocked_until)`,
        values: [destination, seconds],
      });
    },
    /** Seconds until something can be sent; null when nothing waits. */
    async nextDue(channels: readonly string[]): Promise<number | null> {
      const [row] = await database.query<{ seconds: number | null }>({
        name: "next_notification",
        text: `select extract(epoch from min(greatest(n.not_before, coalesce(c.blocked_until, n.not_before))) - longhaul_now())::double precision as seconds
               from notifications n left join notification_blocks c on c.destination = n.destination
               where n.status in ('queued', 'sending') and n.channel = any ($1)`,
        values: [channels],
      });
      return row?.seconds ?? null;
    },
    /** Executions that have run for a while, with how many progress messages are due; each is said once, by whichever node comes first. */
    running: (afterSeconds: number, everySeconds: number) =>
      database.query<{
        execution_id: string;
        title: string;
        seconds: number;
        due: number;
        wishes: Record<string, boolean> | null;
      }>({
        name: "long_executions",
        text: `select e.id as execution_id, l.title, extract(epoch from longhaul_now() - e.started_at)::double precision as seconds,
                 1 + floor((extract(epoch from longhaul_now() - e.started_at) - $1) / $2)::integer as due, e.options -> 'notifications' as wishes
               from executions e join plans l on l.id = e.plan_id
               where e.status = 'running' and e.running > 0 and e.started_at < longhaul_now() - $1 * interval '1 second'`,
        values: [afterSeconds, everySeconds],
      }),
    async add(message: NewNotification): Promise<void> {
      await database.query({
        name: "add_notification",
        text: `insert into notifications (id, execution_id, seq, channel, message, target) values ($1, $2, $3, $4, $5::jsonb, $6)
               on conflict do nothing`,
        values: [message.id, message.executionId, message.seq, message.channel, JSON.stringify(message.message), message.target],
      });
    },
    list: (limit: number) =>
      database.query<NotificationRow>({
        name: "notifications",
        text: `select id, execution_id, channel, message ->> 'title' as title, message ->> 'type' as type, status, tries, error, created_at, sent_at
               from notifications order by created_at desc limit $1`,
        values: [limit],
      }),
    /** What the last message that was tried came to, by channel. */
    lastDeliveries: (channels: string[]) =>
      database.query<{ channel: string; status: string; error: string | null; at: Date }>({
        name: "last_deliveries",
        text: `select c.channel, n.status, n.error, coalesce(n.sent_at, n.created_at) as at from unnest($1::text[]) c (channel)
               cross join lateral (select * from notifications n where n.channel = c.channel
                 and (n.status in ('sent', 'failed') or n.error is not null) order by n.created_at desc limit 1) n`,
        values: [channels],
      }),
    /** Age of the oldest unsent message, and how many there are. */
    async backlog(): Promise<{ waiting: number; oldestSeconds: number }> {
      const [row] = await database.query<{ waiting: number; oldest: number | null }>({
        name: "notification_backlog",
        text: `select count(*)::integer as waiting, extract(epoch from longhaul_now() - min(created_at))::double precision as oldest
               from notifications where status in ('queued', 'sending')`,
        values: [],
      });
      return { waiting: row?.waiting ?? 0, oldestSeconds: row?.oldest ?? 0 };
    },
  };
}

export type NotificationStore = ReturnType<typeof createNotificationStore>;
