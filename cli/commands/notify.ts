/** What was told to whom, and a test of the channels. */
import { notifications, testNotifications } from "../../client/notifications.ts";
import { exitCodes } from "../exit-codes.ts";
import { mark } from "../marks.ts";
import type { Session } from "../session.ts";
import { answer } from "../terminal.ts";
import { fit } from "../text-width.ts";

export async function notifyTest(session: Session, channel: string | undefined, flags: { json?: boolean }): Promise<number> {
  const result = await testNotifications(await session.client(), channel);
  answer(flags.json === true, result, () =>
    result.channels.length === 0
      ? ["No channel is configured; docs/notifications.md says how."]
      : result.channels.map(
          ({ channel: name, ok, error }) => `${mark(ok ? "completed" : "failed")} ${name}${error === null ? "" : `: ${error}`}`,
        ),
  );
  return result.channels.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed;
}

export async function notifyList(session: Session, flags: { json?: boolean; limit?: number }): Promise<number> {
  const result = await notifications(await session.client(), flags.limit);
  answer(flags.json === true, result, () => [
    `channels: ${result.channels.join(", ") || "none"}`,
    ...result.notifications.map(
      ({ createdAt, channel, status, title, error }) =>
        `${createdAt}  ${channel.padEnd(8)} ${status.padEnd(10)} ${fit(title, 80)}${error === null ? "" : `  (${error})`}`,
    ),
  ]);
  return exitCodes.ok;
}
