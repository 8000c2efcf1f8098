import type { Plan } from "./model.ts";

/** The version of the printed form; a reader refuses a newer one. */
export const printedVersion = 1;

/** A plan as text that `parsePlan` reads back into the same plan, ids and places included. */
export function printPlan(plan: Plan): string {
  return `${JSON.stringify({ longhaul: { plan: printedVersion }, plan }, null, 2)}\n`;
}
