/** What the end of a supervised process means for its attempt, for everything that is the same for every kind of command. */
import { open } from "node:fs/promises";
import type { EndReason } from "./attempt-files.ts";
import type { Outcome } from "./executor.ts";
import type { ProcessEnd, ProcessStop } from "./process.ts";
import { redact } from "./redact.ts";

const summaryBytes = 2048;
/** Enough to hold the summary's lines among blank ones and wide characters. */
const summaryWindow = 8 * 1024;

const limits: Partial<Record<EndReason, Pick<Outcome, "failureClass"> & { what: string }>> = {
  wall_limit: { failureClass: "timeout", what: "took too long" },
  cpu_limit: { failureClass: "timeout", what: "used too much CPU time" },
  memory_limit: { failureClass: "out_of_memory", what: "used too much memory" },
  out_of_memory: { failureClass: "out_of_memory", what: "ran out of memory" },
  output_limit: { failureClass: "output_limit", what: "wrote too much output" },
  spawn_failed: { failureClass: "permanent", what: "could not be started" },
  // Not by us: a shutdown, an administrator. The work itself did not fail.
  terminated: { failureClass: "transient", what: "was stopped from outside" },
};

/** A process that ended by itself. */
export type OwnEnd = { exitCode: number | null; signal: string | null };

/**
 * Either the outcome, where the command's own result does not matter, or how the command ended by itself.
 * A command that was stopped because it had said all that matters counts as ended by itself.
 */
export function judgeEnd(end: ProcessEnd): { outcome: Outcome } | { own: OwnEnd } {
  switch (end.kind) {
    case "detached":
      return { outcome: { status: "detached", message: "goes on under its supervisor" } };
    case "never_started":
      if (isStop(end.stopped)) return { outcome: { status: "cancelled", message: "stopped before it started" } };
      return { outcome: { status: "failed", failureClass: "never_started", message: `nothing ran: ${end.why}` } };
    case "unknown": {
      if (isStop(end.stopped)) return { outcome: { status: "cancelled", message: "stopped on request" } };
      const left = end.swept === 0 ? "" : `; ${end.swept} processes it had left were killed`;
      const message = `outcome unknown: its supervisor was killed before it could report${left}`;
      return { outcome: { status: "failed", failureClass: "ambiguous", message } };
    }
    case "ended": {
      const { report } = end;
      if (isStop(end.stopped)) return { outcome: { status: "cancelled", message: "stopped on request" } };
      const limit = end.stopped === "finished" ? undefined : limits[report.reason];
      if (limit === undefined) return { own: { exitCode: report.exitCode, signal: report.signal } };
      const { what, ...rest } = limit;
      return { outcome: { status: "failed", ...rest, message: `${what}: ${report.detail}`, ...exitFacts(report) } };
    }
  }
}

/** The exit code and signal as an outcome carries them. */
export function exitFacts({ exitCode, signal }: OwnEnd): Pick<Outcome, "exitCode" | "signal"> {
  return { ...(exitCode === null ? {} : { exitCode }), ...(signal === null ? {} : { signal }) };
}

/** The last lines of a file that are not empty, 2 KB of them at most, without secrets. */
export async function lastLines(path: string, secrets: readonly string[]): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const length = Math.min(size, summaryWindow);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = redact(buffer.toString("utf8").replaceAll("\0", "\u{FFFD}"), secrets)
      .split(/\r?\n/)
      .filter((line) => line.trim() !== "");
    if (size > length && lines.length > 1) lines.shift(); // its beginning was not read
    return lastBytes(lines.join("\n"));
  } finally {
    await file.close();
  }
}

function lastBytes(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= summaryBytes) return text;
  let start = bytes.length - summaryBytes;
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  const kept = bytes.subarray(start).toString("utf8");
  const line = kept.indexOf("\n");
  return line === -1 ? kept : kept.slice(line + 1);
}

function isStop(stopped: ProcessStop | undefined): boolean {
  return stopped === "cancelled" || stopped === "superseded";
}
