/** What runs on this machine for an execution. */
import { readFileSync } from "node:fs";
import { listProcesses } from "../../orchestrator/executors/process-tree.ts";

/** Ids of the supervisors and commands of an execution that are alive, by what their environment and arguments say. */
export function processesOf(executionId: string): number[] {
  return listProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => [`/proc/${pid}/environ`, `/proc/${pid}/cmdline`].some((file) => textOf(file).includes(executionId)));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return ""; // it ended meanwhile
  }
}
