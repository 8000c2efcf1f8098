/**
 * Stands in for an orchestrator in tests that kill it: runs one attempt and keeps what it records in a file, atomically, like the database.
 * argv: directory of the attempt, file of the record, JSON of the assignment.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { findContainment } from "../../../../orchestrator/executors/isolation.ts";
import { createShellExecutor } from "../../../../orchestrator/executors/shell.ts";

const [directory, recordFile, assignment] = process.argv.slice(2) as [string, string, string];
type Recorded = { offset: number; text: string };
const read = (): Recorded => {
  try {
    return JSON.parse(readFileSync(recordFile, "utf8")) as Recorded;
  } catch {
    return { offset: 0, text: "" };
  }
};
const shell = createShellExecutor({ containment: await findContainment(), environment: process.env });
const outcome = await shell.run(JSON.parse(assignment), {
  signal: new AbortController().signal,
  directory,
  recordedOffset: read().offset,
  async record({ fromOffset, toOffset, events }) {
    const before = read();
    if (before.offset !== fromOffset) throw new Error(`recorded from ${fromOffset} after ${before.offset}`);
    const after: Recorded = { offset: toOffset, text: before.text + events.map((event) => event.data["text"]).join("") };
    writeFileSync(`${recordFile}.new`, JSON.stringify(after));
    renameSync(`${recordFile}.new`, recordFile);
  },
});
process.stdout.write(JSON.stringify(outcome));
