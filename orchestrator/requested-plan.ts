/** The plan that a request carries: as an object, as text, or as a file or folder on this machine. */
import { readFile, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { readPlanPath } from "../plan/folder.ts";
import type { ParsedPlan } from "../plan/model.ts";
import { parsePlan, parsePlans } from "../plan/parse.ts";
import { PlanError } from "../plan/plan-error.ts";
import { LonghaulError } from "./domain/errors.ts";

export type PlanLimits = { maxBytes: number; maxTasks: number };
export type PlanSource = {
  plan?: Record<string, unknown> | undefined;
  text?: string | undefined;
  path?: string | undefined;
  conversationId?: string | undefined;
};
export type PlanReading = {
  format?: string | undefined;
  parameters?: Record<string, string> | undefined;
  /** Entries of a template, instead of its own. */
  forEach?: Record<string, string>[] | undefined;
  limits: PlanLimits;
};

/** @throws LonghaulError invalid_plan with the problems and their lines */
export async function readRequestedPlan(request: PlanSource, reading: PlanReading): Promise<ParsedPlan> {
  const settings = settingsOf(request, reading);
  try {
    if (request.path !== undefined) return await readPlanPath(absolute(request.path), settings);
    return parsePlan({ ...settings, bytes: request.text ?? JSON.stringify(request.plan) });
  } catch (error) {
    throw refusalOf(error);
  }
}

/**
 * A template as one plan for each entry; anything else as the one plan it is.
 * @throws LonghaulError invalid_plan with the problems and the entry they are about
 */
export async function readRequestedPlans(
  request: PlanSource,
  reading: PlanReading,
): Promise<{ values: Record<string, string>; parsed: ParsedPlan }[]> {
  const settings = settingsOf(request, reading);
  try {
    if (request.path === undefined) return parsePlans({ ...settings, bytes: request.text ?? JSON.stringify(request.plan) });
    const file = absolute(request.path);
    if ((await stat(file).catch(() => undefined))?.isFile() !== true)
      return [{ values: {}, parsed: await readPlanPath(file, settings) }];
    return parsePlans({ ...settings, bytes: await readFile(file), file });
  } catch (error) {
    throw refusalOf(error);
  }
}

function settingsOf({ conversationId }: PlanSource, { format, parameters, forEach, limits }: PlanReading) {
  return {
    limits,
    ...(forEach === undefined ? {} : { forEach }),
    ...(format === undefined ? {} : { format }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(conversationId === undefined ? {} : { conversationId }),
  };
}

function absolute(path: string): string {
  if (isAbsolute(path)) return path;
  throw new LonghaulError("invalid_input", `path: '${path}' is not absolute`, { hint: "Give the whole path." });
}

/** PlanError becomes `invalid_plan` with its problems; everything else stays what it is. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof PlanError)) return error;
  return new LonghaulError("invalid_plan", error.message, { cause: error, details: { problems: error.problems } });
}
