/** When people sleep: what is not urgent waits until they wake, and what is only said is not said at all. Pure. */

export type QuietHours = { fromMinute: number; untilMinute: number; timeZone: string };

/** `22:00-07:30` or `22:00-07:30 Europe/Berlin`; undefined for anything else. */
export function parseQuietHours(text: string, ownTimeZone: string): QuietHours | undefined {
  const found = /^([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)(?:\s+([\w+/-]+))?$/.exec(text.trim());
  if (found === null) return undefined;
  const [, fromHour, fromMinute, untilHour, untilMinute, timeZone = ownTimeZone] = found;
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    return undefined;
  }
  return {
    fromMinute: Number(fromHour) * 60 + Number(fromMinute),
    untilMinute: Number(untilHour) * 60 + Number(untilMinute),
    timeZone,
  };
}

/** Milliseconds until the quiet hours end; 0 outside of them. Daylight saving may move the end by its hour. */
export function quietForMs({ fromMinute, untilMinute, timeZone }: QuietHours, nowMs: number): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(nowMs);
  const value = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const minute = value("hour") * 60 + value("minute");
  const isQuiet =
    fromMinute <= untilMinute ? minute >= fromMinute && minute < untilMinute : minute >= fromMinute || minute < untilMinute;
  if (!isQuiet) return 0;
  const left = (untilMinute - minute + 24 * 60) % (24 * 60);
  return left * 60_000 - (nowMs % 60_000);
}
