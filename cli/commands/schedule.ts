/** Plans that recur: adding, looking at, pausing and removing schedules. */
import { basename } from "node:path";
import { addSchedule, removeSchedule, schedules, setScheduleStatus } from "../../client/schedules.ts";
import type { Schedule } from "../../orchestrator/api/schedule-contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { mark } from "../marks.ts";
import { readEntries } from "../plan-parameters.ts";
import type { Session } from "../session.ts";
import { answer, answerWidth, commandLine } from "../terminal.ts";
import { columns, fit } from "../text-width.ts";
import { type HandoffFlags, requestOf } from "./run.ts";

export type ScheduleFlags = HandoffFlags & { cron: string; timeZone?: string; overlap?: "skip" | "allow"; name?: string };

export async function scheduleAdd(session: Session, file: string, flags: ScheduleFlags): Promise<number> {
  const client = await session.ensuredClient();
  const { forEach, ...rest } = flags;
  const entries = forEach === undefined || forEach === "-" ? {} : { forEach: await readEntries(forEach) };
  const added = await addSchedule(client, {
    name: flags.name ?? nameOf(file),
    cron: flags.cron,
    timeZone: flags.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(flags.overlap === undefined ? {} : { overlap: flags.overlap }),
    handoff: { ...(await requestOf(file, rest)), ...entries },
  });
  answer(flags.json === true, added, () => linesOf(added));
  return exitCodes.ok;
}

export async function scheduleList(session: Session, flags: { json?: boolean }): Promise<number> {
  const client = await session.client();
  const found = await schedules(client);
  answer(flags.json === true, { schedules: found }, () =>
    found.length === 0
      ? [`Nothing recurs. Add a plan: ${commandLine("schedule add PLAN --cron '0 6 * * *'")}`]
      : found.flatMap(linesOf),
  );
  return exitCodes.ok;
}

export async function scheduleChange(
  session: Session,
  change: "pause" | "resume" | "remove",
  name: string,
  flags: { json?: boolean },
): Promise<number> {
  const client = await session.client();
  const changed =
    change === "remove"
      ? await removeSchedule(client, name)
      : await setScheduleStatus(client, name, change === "pause" ? "paused" : "active");
  answer(flags.json === true, changed, () =>
    change === "remove" ? [`${mark("cancelled")} removed: ${changed.name}; what it started goes on`] : linesOf(changed),
  );
  return exitCodes.ok;
}

/** The file's name without its ending: nightly.yaml → nightly. */
const nameOf = (file: string) =>
  file === "-"
    ? "plan"
    : basename(file)
        .replace(/\.[^.]+$/, "")
        .replace(/[^\p{L}\p{N}._-]+/gu, "-");

const marks = { started: "completed", skipped: "skipped", failed: "failed" } as const;

function linesOf(schedule: Schedule): string[] {
  const { name, cron, timeZone, overlap, nextAt, runs } = schedule;
  return [
    `${mark(nextAt === null ? "paused" : "running")} ${name}  ${cron}  ${timeZone}${overlap === "allow" ? "  may overlap" : ""}`,
    `    next   ${nextAt === null ? "paused" : new Date(nextAt).toLocaleString()}`,
    ...columns(
      runs
        .slice(0, 5)
        .map((run) => [
          `    ${mark(marks[run.outcome])} ${new Date(run.tick).toLocaleString()}`,
          run.outcome,
          run.executions.map((id) => id.slice(-8)).join(" ") || fit(run.message ?? "", 80),
          run.missed > 0 ? `stands for ${run.missed} missed before it` : "",
        ]),
      answerWidth(),
    ),
  ];
}
