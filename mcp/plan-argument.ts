/** A plan as the tools take it: a file, text, or an object. */
import { resolve } from "node:path";
import { z } from "zod";
import type { Bridge } from "./bridge.ts";

export const planArgument = {
  path: z.string().min(1).max(4096).optional().describe("Plan file or folder; relative to the session's folder"),
  text: z.string().min(1).optional().describe("The plan as text: markdown, YAML or JSON"),
  plan: z.record(z.string(), z.unknown()).optional().describe('The plan as an object, e.g. {"tasks":[{"id":"a","title":"…"}]}'),
};
type PlanArgument = { path?: string | undefined; text?: string | undefined; plan?: Record<string, unknown> | undefined };

export function plansGiven({ path, text, plan }: PlanArgument): number {
  return [path, text, plan].filter((given) => given !== undefined).length;
}

export function planOf(
  { path, text, plan }: PlanArgument,
  { cwd }: Bridge,
): { path?: string; text?: string; plan?: Record<string, unknown> } {
  return {
    ...(path === undefined ? {} : { path: resolve(cwd, path) }),
    ...(text === undefined ? {} : { text }),
    ...(plan === undefined ? {} : { plan }),
  };
}
