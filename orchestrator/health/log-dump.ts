/** What a task had printed and which processes it had when its memory ran short: for whoever finds it killed later. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileNames } from "../executors/attempt-files.ts";
import { lastLines } from "../executors/process-outcome.ts";
import type { ProcessLoad } from "./process-load.ts";

/** Writes the dump beside the output. @returns its path and the last lines without secrets */
export async function dumpLog(
  directory: string,
  { load, message, secrets, now }: { load: ProcessLoad; message: string; secrets: readonly string[]; now: number },
): Promise<{ file: string; lastLines: string }> {
  const lines = await lastLines(join(directory, fileNames.output), secrets);
  const table = load.processes.map(({ pid, name, state, memoryBytes }) =>
    [String(pid).padStart(8), state, String(Math.round(memoryBytes / 1024)).padStart(10), "kB ", name].join(" "),
  );
  const file = join(directory, "memory-dump.txt");
  const text = [`${new Date(now).toISOString()} ${message}`, "", ...table, "", "Last output:", lines, ""].join("\n");
  await writeFile(file, text, { mode: 0o600 });
  return { file, lastLines: lines };
}
