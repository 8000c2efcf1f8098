/** A forecast in one or two lines. Pure. */
import type { Forecast } from "../plan/forecast.ts";
import { duration } from "./terminal.ts";

export function forecastLines({ minutes, usd, tasks, manualMinutes, basis }: Forecast): string[] {
  const money = usd.max === 0 ? "" : `; $${usd.min.toFixed(2)} to $${usd.max.toFixed(2)}, likely $${usd.likely.toFixed(2)}`;
  const people = tasks.human === 0 ? "" : `; ${tasks.human} of ${tasks.open} tasks wait for a person`;
  const saved = manualMinutes === 0 ? "" : `; by hand ${roughly(manualMinutes)}`;
  const sources = [
    ...(basis.written > 0 ? [`${basis.written} estimated by the plan`] : []),
    ...(basis.history > 0 ? [`${basis.history} from history`] : []),
    ...(basis.usual > 0 ? [`${basis.usual} by what such tasks usually take`] : []),
  ];
  if (tasks.open === 0) return ["nothing is left to run"];
  return [
    `${roughly(minutes.min)} to ${roughly(minutes.max)}, likely ${roughly(minutes.likely)}${money}${people}${saved}`,
    sources.join(", "),
  ];
}

/** Estimates are rough: whole minutes from five on. */
function roughly(minutes: number): string {
  return duration(minutes < 5 ? minutes * 60 : Math.round(minutes) * 60).replace(/ 0s$/, "");
}
