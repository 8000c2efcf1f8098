/** Schedules and what became of their ticks. */
import type { ScheduleRequest } from "../api/schedule-contract.ts";
import type { Database } from "./db.ts";

export type RunRow = {
  tick: string;
  outcome: "started" | "skipped" | "failed";
  executions: string[];
  missed: number;
  message: string | null;
  at: string;
};
export type ScheduleRow = {
  id: string;
  name: string;
  cron: string;
  time_zone: string;
  overlap: "skip" | "allow";
  status: "active" | "paused";
  next_at: Date;
  created_at: Date;
  runs: RunRow[];
};
export type DueSchedule = {
  id: string;
  name: string;
  cron: string;
  time_zone: string;
  overlap: "skip" | "allow";
  request: ScheduleRequest["handoff"];
  due: Date;
  now: Date;
  running: boolean;
};
export type EndedTick = {
  id: string;
  due: Date;
  tick: Date;
  next: Date;
  outcome: RunRow["outcome"];
  executions: string[];
  missed: number;
  message: string | null;
};

const shownRuns = 10;
const columns = `s.id, s.name, s.cron, s.time_zone, s.overlap, s.status, s.next_at, s.created_at,
  coalesce((select jsonb_agg(to_jsonb(r) - 'schedule_id' order by r.tick desc) from (
    select * from schedule_runs x where x.schedule_id = s.id order by x.tick desc limit ${shownRuns}) r), '[]') as runs`;

export function createScheduleStore(database: Database) {
  return {
    /** False when the name is taken. */
    async add(
      schedule: Omit<ScheduleRow, "runs" | "status" | "created_at"> & { request: object; place: string | null },
    ): Promise<boolean> {
      const rows = await database.query({
        name: "add_schedule",
        text: `insert into schedules (id, name, cron, time_zone, overlap, request, place, next_at, created_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, longhaul_now()) on conflict (name) do nothing returning id`,
        values: [
          schedule.id,
          schedule.name,
          schedule.cron,
          schedule.time_zone,
          schedule.overlap,
          JSON.stringify(schedule.request),
          schedule.place,
          schedule.next_at,
        ],
      });
      return rows.length === 1;
    },
    list: () =>
      database.query<ScheduleRow>({ name: "schedules", text: `select ${columns} from schedules s order by s.name`, values: [] }),
    /** By its id or its name. */
    async find(name: string): Promise<ScheduleRow | undefined> {
      const rows = await database.query<ScheduleRow>({
        name: "schedule",
        text: `select ${columns} from schedules s where s.name = $1 or s.id::text = $1`,
        values: [name],
      });
      return rows[0];
    },
    async setStatus(id: string, status: ScheduleRow["status"], nextAt: Date): Promise<void> {
      await database.query({
        name: "set_schedule_status",
        text: "update schedules set status = $2, next_at = $3, taken_until = null where id = $1 and status <> $2",
        values: [id, status, nextAt],
      });
    },
    async remove(id: string): Promise<void> {
      await database.query({ name: "remove_schedule", text: "delete from schedules where id = $1", values: [id] });
    },
    /** Takes what is due for this node for so many seconds. */
    due: (node: string, seconds: number, limit: number) =>
      database.query<DueSchedule>({
        name: "due_schedules",
        text: "select * from due_schedules($1, $2, $3)",
        values: [node, seconds, limit],
      }),
    async endTick(ended: EndedTick): Promise<boolean> {
      const [row] = await database.query<{ recorded: boolean }>({
        name: "end_tick",
        text: "select end_tick($1, $2, $3, $4, $5, $6::uuid[], $7, $8) as recorded",
        values: [ended.id, ended.due, ended.tick, ended.next, ended.outcome, ended.executions, ended.missed, ended.message],
      });
      return row?.recorded ?? false;
    },
    /** Seconds to the next tick of any schedule. */
    async secondsToNext(): Promise<number | undefined> {
      const [row] = await database.query<{ seconds: number | null }>({
        name: "next_schedule",
        text: `select extract(epoch from min(greatest(next_at, taken_until)) - longhaul_now())::double precision as seconds
               from schedules where status = 'active'`,
        values: [],
      });
      return row?.seconds ?? undefined;
    },
  };
}

export type ScheduleStore = ReturnType<typeof createScheduleStore>;
