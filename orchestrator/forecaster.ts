/** Forecasts plans from what such tasks took before. */
import { type Forecast, forecast, type History } from "../plan/forecast.ts";
import type { Plan } from "../plan/model.ts";

export type Forecaster = (plan: Plan) => Promise<Forecast>;
export type ForecasterOptions = { history(): Promise<History>; concurrency: number; now(): number };

const freshMs = 30_000;

/** History is asked for at most every half minute; percentiles of thousands of tasks do not move faster. */
export function createForecaster({ history, concurrency, now }: ForecasterOptions): Forecaster {
  let known: Promise<History> = Promise.resolve({});
  let askedMs = Number.NEGATIVE_INFINITY;
  return async (plan) => {
    if (now() - askedMs > freshMs) {
      askedMs = now();
      known = history();
      known.catch(() => (askedMs = Number.NEGATIVE_INFINITY));
    }
    return forecast(plan, { history: await known, concurrency });
  };
}
