/** Gate `disk`: at least `params.freePercent` (10 by default) of the workspace's file system is free. */
import { statfs } from "node:fs/promises";
import { type GateCheck, numberParameter } from "./gate-check.ts";

export const diskGate: GateCheck = async (context) => {
  const wanted = numberParameter(context, "freePercent", 10);
  const { bavail, blocks } = await statfs(context.assignment.workspace);
  const free = blocks === 0 ? 100 : (bavail / blocks) * 100;
  return { passed: free >= wanted, message: `${free.toFixed(1)} % of the disk is free, wanted are ${wanted} %` };
};
