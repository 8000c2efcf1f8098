/** Finds the supervisors that run below a folder, whoever started them: from the processes of this machine, not from the files. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { type Claim, fileNames, readWhole } from "./attempt-files.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";

export type RunningSupervisor = {
  executionId: string;
  ordinal: number;
  attempt: number;
  identity: ProcessIdentity;
};

/** Looks at every process of the machine; a supervisor that has not claimed its attempt yet is not among them. */
export function runningSupervisors(root: string): RunningSupervisor[] {
  const found = new Map<string, RunningSupervisor>();
  for (const words of commandLines()) {
    const program = words.findIndex((word) => /\/supervisor\.[jt]s$/.test(word));
    const directory = words[program + 1];
    if (program === -1 || directory === undefined || !directory.startsWith(`${root}/`) || found.has(directory)) continue;
    // The commands that verify an attempt run in folders of its own.
    const place = /^([0-9a-f-]{36})\/task-(\d+)\/attempt-(\d+)(\/|$)/.exec(directory.slice(root.length + 1));
    if (place === null) continue;
    const claim = readWhole<Claim>(directory, fileNames.claim);
    if (claim?.by !== "supervisor" || !isAlive(claim.identity)) continue;
    const [, executionId = "", ordinal, attempt] = place;
    found.set(directory, { executionId, ordinal: Number(ordinal), attempt: Number(attempt), identity: claim.identity });
  }
  return [...found.values()];
}

function* commandLines(): Generator<string[]> {
  if (process.platform !== "linux") {
    for (const row of execFileSync("ps", ["-axwwo", "command="], { encoding: "utf8" }).split("\n")) yield row.trim().split(/\s+/);
    return;
  }
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      yield readFileSync(`/proc/${name}/cmdline`, "latin1").split("\0");
    } catch {
      // It ended meanwhile.
    }
  }
}
