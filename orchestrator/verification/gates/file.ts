/** Gate `file`: `params.path`, in the workspace or absolute, exists. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type GateCheck, textParameter } from "./gate-check.ts";

export const fileGate: GateCheck = async (context) => {
  const path = resolve(context.assignment.workspace, textParameter(context, "path"));
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? { passed: false, message: `${path} does not exist` } : { passed: true, message: `${path} exists` };
};
