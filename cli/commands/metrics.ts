/** Figures of executions, a person's rating, and trends. */
import { metricsOf, rateExecution, trendsOf } from "../../client/metrics.ts";
import { exitCodes } from "../exit-codes.ts";
import { CommandFailure } from "../failure.ts";
import { mark } from "../marks.ts";
import { resolveExecution, type Session } from "../session.ts";
import { answer, answerWidth } from "../terminal.ts";
import { columns } from "../text-width.ts";

type Flags = { json?: boolean };

/** @param words a rating, or a task and a rating */
export async function rate(session: Session, id: string, words: string[], flags: Flags & { note?: string }): Promise<number> {
  const [last = "", taskId, ...more] = words.toReversed();
  const rating = Number(last);
  if (more.length > 0 || !Number.isInteger(rating) || rating < 1 || rating > 10) {
    throw new CommandFailure(
      `'${words.join(" ")}' is no rating: longhaul rate ID [TASK] N, with N from 1 to 10.`,
      exitCodes.usage,
    );
  }
  const client = await session.client();
  const found = await rateExecution(client, await resolveExecution(client, id), {
    rating,
    ...(taskId === undefined ? {} : { taskId }),
    ...(flags.note === undefined ? {} : { note: flags.note }),
  });
  answer(flags.json === true, found, () => [`${mark("completed")} ${taskId ?? "the execution"} is rated ${rating} of 10`]);
  return exitCodes.ok;
}

export async function metrics(session: Session, id: string, flags: Flags): Promise<number> {
  const client = await session.client();
  const found = await metricsOf(client, await resolveExecution(client, id));
  answer(flags.json === true, found, () =>
    found.metrics.length === 0
      ? ["Nothing yet: figures are written when an execution ends."]
      : columns(
          found.metrics.map((one) => [one.taskId ?? "all", one.metric, figure(one.value)]),
          answerWidth(),
        ),
  );
  return exitCodes.ok;
}

export async function trends(session: Session, flags: Flags & { days?: string; metric?: string }): Promise<number> {
  const days = flags.days === undefined ? undefined : Number(flags.days);
  if (days !== undefined && (!Number.isInteger(days) || days < 1 || days > 3650)) {
    throw new CommandFailure(`--days ${flags.days}: give a whole number from 1 to 3650.`, exitCodes.usage);
  }
  const found = await trendsOf(await session.client(), {
    ...(days === undefined ? {} : { days }),
    ...(flags.metric === undefined ? {} : { metric: flags.metric }),
  });
  const heading = ["day", "metric", "samples", "mean", "median", "from", "to"];
  const rows = found.trends.map((one) => [
    one.day,
    one.metric,
    String(one.samples),
    ...[one.mean, one.median, one.minimum, one.maximum].map(figure),
  ]);
  answer(flags.json === true, found, () =>
    rows.length === 0 ? ["Nothing was recorded in these days."] : columns([heading, ...rows], answerWidth()),
  );
  return exitCodes.ok;
}

const figure = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 3 : 1));
