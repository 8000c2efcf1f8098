/** When a schedule is due: cron expressions in a time zone. Pure; time is given. */
import { Cron } from "croner";
import { LonghaulError } from "./errors.ts";

/** Ticks that were missed are counted up to here; a longer absence of a schedule that fires each second is only "many". */
const mostMissed = 1_000;

export type Timing = { cron: string; timeZone: string };

/** @throws LonghaulError invalid_input that names the field, when the expression or the zone cannot be used or never comes true */
export function nextTick(timing: Timing, after: Date): Date {
  const next = read(timing).nextRun(after);
  if (next === null) {
    throw new LonghaulError("invalid_input", `cron: '${timing.cron}' never comes true`, { hint: "Check day and month." });
  }
  return next;
}

/**
 * The tick that a run at `now` stands for: the latest one at or before it. `missed` counts the earlier ones from `due` on.
 * @param due the earliest tick that has not been run
 */
export function currentTick(timing: Timing, due: Date, now: Date): { tick: Date; missed: number; next: Date } {
  const cron = read(timing);
  let tick = due;
  let missed = 0;
  for (;;) {
    const next = cron.nextRun(tick);
    if (next === null) throw new LonghaulError("invalid_input", `cron: '${timing.cron}' never comes true again`);
    if (next > now) return { tick, missed, next };
    if (missed === mostMissed) {
      const latest = cron.previousRuns(1, new Date(now.getTime() + 1))[0] ?? tick;
      return { tick: latest, missed, next: nextTick(timing, now) };
    }
    tick = next;
    missed += 1;
  }
}

function read({ cron, timeZone }: Timing): Cron {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw new LonghaulError("invalid_input", `timeZone: '${timeZone}' is no time zone`, {
      hint: "Give a name such as Europe/Berlin, America/New_York or UTC.",
    });
  }
  try {
    return new Cron(cron, { timezone: timeZone, mode: "5-or-6-parts", paused: true });
  } catch (error) {
    throw new LonghaulError(
      "invalid_input",
      `cron: '${cron}' cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: "Five fields: minute, hour, day of month, month, day of week, such as '30 6 * * 1-5'; six with seconds first; or @daily.",
      },
    );
  }
}
