/**
 * The files of one attempt's directory, the only thing that an orchestrator and a supervisor share:
 *
 *   intent.json       what was to be started (without its environment), written before anything runs
 *   claim.json        who may run it; made by link(2) from a complete file, so it exists once and whole or not at all
 *   pid.json          the command's process
 *   output.log        the command's stdout, and its stderr unless that goes to stderr.log
 *   supervisor.log    what the supervisor complained about
 *   exit.json         how it ended; its 4 KB are reserved before the start, so that a full disk cannot lose it
 *
 * Imported by the supervisor, so only node built-ins here.
 */
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "./process-identity.ts";

/** `recovery` is an orchestrator that found no claim and makes sure that nobody starts the command any more. */
export type Claim = { by: "supervisor" | "recovery"; identity: ProcessIdentity };

export type EndReason =
  | "exited"
  | "terminated"
  | "wall_limit"
  | "cpu_limit"
  | "memory_limit"
  | "out_of_memory"
  | "output_limit"
  | "spawn_failed";

/** How the command ended, as its supervisor saw it. */
export type ExitReport = {
  reason: EndReason;
  exitCode: number | null;
  signal: string | null;
  /** What was measured, where the reason is a limit. */
  detail: string;
  startedMs: number;
  endedMs: number;
  outputBytes: number;
  /** Processes that were still there when the command had ended, and were killed. */
  swept: number;
};

/** What the supervisor is told on its stdin. The environment travels here and never reaches the disk. */
export type SupervisorOrder = {
  mark: string;
  argv: string[];
  cwd: string;
  environment: Record<string, string>;
  /** A file to read stdin from. */
  stdin: string | null;
  separateStderr: boolean;
  wallMs: number | null;
  cpuMs: number | null;
  memoryBytes: number | null;
  outputBytes: number;
  graceMs: number;
  /** True when the supervisor is the first process of a PID namespace of its own. */
  contained: boolean;
  /** Put before argv: what ties the command's life to the supervisor's. */
  wrapper: string[];
  /** Run when the tree has ended; nobody minds when it fails. */
  cleanup: string[];
};

/** What stays of the order on disk. */
export type Intent = Omit<SupervisorOrder, "environment">;

export const fileNames = {
  intent: "intent.json",
  claim: "claim.json",
  pid: "pid.json",
  output: "output.log",
  stderr: "stderr.log",
  supervisorLog: "supervisor.log",
  exit: "exit.json",
} as const;

const reservedName = "exit.reserved";
const reservedBytes = 4096;

/** Writes a file whole: readers see the old content or the new one. */
export function writeWhole(directory: string, name: string, value: unknown): void {
  const draft = join(directory, `${name}.${process.pid}.new`);
  writeDurably(draft, "w", JSON.stringify(value));
  renameSync(draft, join(directory, name));
}

/** Takes the claim; false when somebody else has it. Durable when it returns. */
export function takeClaim(directory: string, claim: Claim): boolean {
  const draft = join(directory, `${fileNames.claim}.${claim.identity.pid}.new`);
  writeDurably(draft, "w", JSON.stringify(claim));
  try {
    linkSync(draft, join(directory, fileNames.claim));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
  syncDirectory(directory);
  return true;
}

/** Sets the room for the exit report aside. */
export function reserveExit(directory: string): void {
  writeDurably(join(directory, reservedName), "w", " ".repeat(reservedBytes));
}

/** Writes the exit report into its reserved room and shows it under its name. */
export function publishExit(directory: string, report: ExitReport): void {
  const reserved = join(directory, reservedName);
  writeDurably(reserved, "r+", JSON.stringify(report).padEnd(reservedBytes));
  renameSync(reserved, join(directory, fileNames.exit));
  syncDirectory(directory);
}

/** Reads one of the directory's JSON files; undefined when it is not there. */
export function readWhole<T>(directory: string, name: string): T | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, name), "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function writeDurably(path: string, flags: "w" | "r+", content: string): void {
  const file = openSync(path, flags, 0o600);
  try {
    writeSync(file, content, 0);
    if (flags === "w") ftruncateSync(file, Buffer.byteLength(content));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
