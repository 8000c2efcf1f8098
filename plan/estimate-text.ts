import type { Estimate } from "./model.ts";

const unitMinutes: [RegExp, number][] = [
  [/^(?:m|min|mins|minute|minutes|分钟?|分)$/i, 1],
  [/^(?:h|hr|hrs|hour|hours|時間|小时)$/i, 60],
  [/^(?:d|day|days|日|天)$/i, 8 * 60],
  [/^(?:w|wk|week|weeks|sprint|sprints)$/i, 40 * 60],
  [/^(?:s|sec|secs|second|seconds)$/i, 1 / 60],
];

/**
 * Reads "2h", "1-2 days", "30m-2h", "12m 31s", "~30 min". A day counts eight hours, a week forty. A bare number keeps an unknown unit; a size such as
 * "S" keeps only its text.
 */
export function readEstimate(raw: string): Estimate | undefined {
  const text = raw.trim().replace(/^[~≈<≤]\s*/, "");
  const range =
    /^(\d+(?:\.\d+)?)\s*([a-zA-Z分時間小时日天]+?)?\s*(?:-|–|—|to|\.\.)\s*(\d+(?:\.\d+)?)\s*([a-zA-Z分時間小时日天]+)?/.exec(
      text,
    );
  if (range) {
    const [, from, fromUnit, to, toUnit] = range;
    const units = [fromUnit ?? toUnit, toUnit ?? fromUnit].map((unit) => (unit === undefined ? undefined : minutesPer(unit)));
    if ((fromUnit ?? toUnit) !== undefined && units.includes(undefined)) return undefined;
    const factor = units[1];
    const min = Number(from) * (units[0] ?? 1);
    const max = Number(to) * (factor ?? 1);
    return {
      min: Math.min(min, max),
      likely: (min + max) / 2,
      max: Math.max(min, max),
      unit: factor ? "minutes" : "unknown",
      raw,
    };
  }
  if (/^\d+(?:\.\d+)?$/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? { likely: value, unit: "unknown", raw } : undefined;
  }
  if (/^(?:XS|S|M|L|XL|XXL)$/i.test(text)) return { unit: "unknown", raw };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([a-zA-Z分時間小时日天]+)/g)];
  if (parts.length === 0 || parts[0]?.index !== 0) return undefined;
  let minutes = 0;
  for (const part of parts) {
    const factor = minutesPer(part[2] ?? "");
    if (factor === undefined) break;
    minutes += Number(part[1]) * factor;
  }
  return minutes > 0 ? { likely: minutes, unit: "minutes", raw } : undefined;
}

/** Text as the unit: an estimate given in a known unit, such as a column `days_max`. */
function minutesPer(unit: string): number | undefined {
  return unitMinutes.find(([pattern]) => pattern.test(unit))?.[1];
}
