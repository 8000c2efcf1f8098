/** Times and amounts as people read them. Pure but for the clock that ticks once a second. */
import { signal } from "@preact/signals";

/** Now, in ms; changes every second while the page is seen. */
export const clock = signal(Date.now());
setInterval(() => {
  if (!document.hidden) clock.value = Date.now();
}, 1000);

/** 75 → "1m 15s"; below ten seconds with a decimal. */
export function durationText(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)}s`;
  const whole = Math.round(seconds);
  const [days, hours, minutes, rest] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
    whole % 60,
  ];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${rest}s` : `${rest}s`;
}

/** "just now", "4m ago", "in 2h", else the date. */
export function relativeText(iso: string | null, nowMs: number): string {
  if (iso === null) return "–";
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  if (size > 7 * 86_400) return dateText(iso);
  const [value, unit] =
    size < 60 ? [size, "s"] : size < 3600 ? [size / 60, "m"] : size < 86_400 ? [size / 3600, "h"] : [size / 86_400, "d"];
  const text = `${Math.floor(value)}${unit}`;
  return seconds < 0 ? `${text} ago` : `in ${text}`;
}

export const dateText = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

export function usdText(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return "–";
  if (usd === 0) return "$0";
  return usd < 0.1 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;
}

/** 1234567 → "1.2M". */
export function countText(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (value < 10_000) return value.toLocaleString();
  return value < 1_000_000 ? `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)}k` : `${(value / 1_000_000).toFixed(1)}M`;
}

/** "14:05:09"; with the day when it is another one. */
export function timeText(iso: string): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const isToday = at.toDateString() === new Date(clock.peek()).toDateString();
  return isToday ? time : `${at.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${time}`;
}

export const minutesText = (minutes: number): string => durationText(minutes * 60);

/** "14:05". */
export const shortTimeText = (iso: string): string =>
  new Date(iso).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
