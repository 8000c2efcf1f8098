/**
 * Plans that recur: what people say about schedules, and the loop that hands their plans off. Every node runs the loop; `sql/0021_schedules.sql`
 * says why each tick starts exactly one run, whoever is killed when.
 */
import { resolve } from "node:path";
import { v7 as uuidv7 } from "uuid";
import type { Feature } from "./api/door-env.ts";
import type { HandoffEachRequest } from "./api/handoff-each-contract.ts";
import type { Schedule } from "./api/schedule-contract.ts";
import { type ScheduleCommands, scheduleRoutes } from "./api/schedule-routes.ts";
import { currentTick, nextTick } from "./domain/cron.ts";
import { LonghaulError } from "./domain/errors.ts";
import { placeOf } from "./domain/place.ts";
import type { Handoffs } from "./handoff.ts";
import type { Database } from "./store/db.ts";
import { createScheduleStore, type DueSchedule, type ScheduleRow, type ScheduleStore } from "./store/schedules.ts";

const atOnce = 8;
/** Handing off takes a moment, and longer where a model refines the plan; after this another node may try. */
const leaseSeconds = 120;
/** Schedules of other nodes are seen this late at most. */
const longestMs = 10_000;
const shortestMs = 20;

export type SchedulesParts = Pick<SchedulesOptions, "node" | "handoffs" | "onError"> & {
  database: Database;
  sharedPaths: readonly string[];
};

export const createSchedules = ({ database, sharedPaths, ...parts }: SchedulesParts): Schedules =>
  new Schedules({
    ...parts,
    store: createScheduleStore(database),
    placeOf: (path) => placeOf(resolve(path), parts.node, sharedPaths),
    now: Date.now,
  });

type SchedulesOptions = {
  store: ScheduleStore;
  node: string;
  handoffs: Pick<Handoffs, "handoffEach" | "check">;
  /** Which nodes can see a path. */
  placeOf(path: string): string;
  onError(error: unknown, doing: string): void;
  now(): number;
};

class Schedules implements ScheduleCommands {
  readonly #options: SchedulesOptions;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;
  readonly feature: Feature;

  constructor(options: SchedulesOptions) {
    this.#options = options;
    this.feature = scheduleRoutes(this);
  }

  async add({ name, cron, timeZone, overlap, handoff }: Parameters<ScheduleCommands["add"]>[0]): Promise<Schedule> {
    const { store, handoffs, placeOf, now } = this.#options;
    const next = nextTick({ cron, timeZone }, new Date(now()));
    await handoffs.check(handoff);
    const seen = handoff.options.workspace ?? handoff.path;
    const added = await store.add({
      id: uuidv7(),
      name,
      cron,
      time_zone: timeZone,
      overlap,
      request: handoff,
      place: seen === undefined ? null : placeOf(seen),
      next_at: next,
    });
    if (!added) {
      throw new LonghaulError("conflict", `name: there is a schedule '${name}' already`, {
        hint: "Choose another name, or remove it first: longhaul schedule remove NAME.",
      });
    }
    this.#wake();
    return this.schedule(name);
  }

  async list(): Promise<Schedule[]> {
    return (await this.#options.store.list()).map(scheduleOf);
  }

  async schedule(name: string): Promise<Schedule> {
    return scheduleOf(await this.#find(name));
  }

  async setStatus(name: string, status: Schedule["status"]): Promise<Schedule> {
    const { id, cron, time_zone: timeZone } = await this.#find(name);
    await this.#options.store.setStatus(id, status, nextTick({ cron, timeZone }, new Date(this.#options.now())));
    this.#wake();
    return this.schedule(id);
  }

  async remove(name: string): Promise<Schedule> {
    const row = await this.#find(name);
    await this.#options.store.remove(row.id);
    return scheduleOf(row);
  }

  start(): void {
    this.#plan(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** Hands off what is due; returns after how many milliseconds to come again. */
  async runOnce(): Promise<number> {
    const { store, node } = this.#options;
    for (;;) {
      const due = await store.due(node, leaseSeconds, atOnce);
      for (const one of due) await this.#run(one);
      if (due.length < atOnce || this.#stopped) break;
    }
    const seconds = await store.secondsToNext();
    return Math.min(longestMs, Math.max(shortestMs, (seconds ?? Number.POSITIVE_INFINITY) * 1000));
  }

  async #run(schedule: DueSchedule): Promise<void> {
    const { store, handoffs, onError } = this.#options;
    const { id, name, cron, time_zone: timeZone, overlap, request, due, now, running } = schedule;
    const { tick, missed, next } = currentTick({ cron, timeZone }, due, now);
    const ended = { id, due, tick, next, missed };
    if (running && overlap === "skip") {
      await store.endTick({ ...ended, outcome: "skipped", executions: [], message: "an earlier run has not ended" });
      return;
    }
    try {
      // Not the tick: a node that comes later may take a later one for the same due run, and must find the same executions.
      const options = { ...request.options, idempotencyKey: `schedule:${id}:${due.toISOString()}` };
      const { executions } = await handoffs.handoffEach({ ...request, options } satisfies HandoffEachRequest);
      const ids = executions.map(({ executionId }) => executionId);
      await store.endTick({ ...ended, outcome: "started", executions: ids, message: null });
    } catch (error) {
      if (!(error instanceof LonghaulError) || error.retryable) throw error;
      onError(error, `hand off what schedule ${name} says`);
      await store.endTick({ ...ended, outcome: "failed", executions: [], message: error.message });
    }
  }

  async #find(name: string): Promise<ScheduleRow> {
    const row = await this.#options.store.find(name);
    if (row === undefined) {
      throw new LonghaulError("not_found", `No schedule '${name}'`, {
        hint: "GET /api/schedules lists them (longhaul schedule list).",
      });
    }
    return row;
  }

  #wake(): void {
    if (this.#pass === undefined && !this.#stopped) this.#plan(0);
  }

  #plan(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      let againMs = longestMs;
      this.#pass = this.runOnce()
        .then((ms) => {
          againMs = ms;
        })
        .catch((error: unknown) => this.#options.onError(error, "run schedules"))
        .finally(() => {
          this.#pass = undefined;
          if (!this.#stopped) this.#plan(againMs);
        });
    }, delayMs);
  }
}

function scheduleOf(row: ScheduleRow): Schedule {
  return {
    scheduleId: row.id,
    name: row.name,
    cron: row.cron,
    timeZone: row.time_zone,
    overlap: row.overlap,
    status: row.status,
    nextAt: row.status === "paused" ? null : row.next_at.toISOString(),
    createdAt: row.created_at.toISOString(),
    runs: row.runs.map((run) => ({ ...run, tick: new Date(run.tick).toISOString(), at: new Date(run.at).toISOString() })),
  };
}
