/**
 * Starts the orchestrator when none runs, as a process of its own that outlives its starter.
 *
 * Several starters at once are safe: the orchestrator itself holds the lock of its home, a second one exits with 0 ("already running")
 * and everybody waits for the same address. Should the one that held the lock be on its way out, a new process is started once a second
 * until the deadline. A process that ends with another code failed, and its last log lines are the error.
 */
import { spawn } from "node:child_process";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type DiscoverOptions, discoverOrchestrator, type RunningOrchestrator } from "./discover.ts";

export type EnsureOptions = DiscoverOptions & {
  home: string;
  /** The orchestrator's argv: program first, absolute paths, because it runs with `home` as its directory. */
  command: readonly [string, ...string[]];
  /** Environment of the new process besides the starter's own. */
  environment?: Record<string, string>;
  /** How long a start may take, 30 s by default. */
  deadlineMs?: number;
};

/** The orchestrator did not come up; the message ends with what its log said. */
export class StartError extends Error {
  readonly logFile: string;

  constructor(message: string, logFile: string, lastLines: string) {
    super(`${message}${lastLines === "" ? "" : ` Its last lines:\n${lastLines}`}\nThe whole log: ${logFile}`);
    this.name = "StartError";
    this.logFile = logFile;
  }
}

/** glibc keeps freed memory per thread; with two pools an orchestrator needs a fifth less, and its threads hardly allocate at once. */
const memory = { MALLOC_ARENA_MAX: "2" };
const pollMs = 50;
const respawnMs = 1_000;
const shownLines = 20;

/**
 * Returns the running orchestrator of `home`, after starting it if needed. `started` is false when it ran already.
 * @throws StartError with the last log lines when it ended or was not healthy in time
 */
export async function ensureOrchestrator(options: EnsureOptions): Promise<RunningOrchestrator & { started: boolean }> {
  const { home, deadlineMs = 30_000 } = options;
  const found = await discoverOrchestrator(home, options);
  if (found.running) return { ...found, started: false };
  const logFile = join(home, "logs", "orchestrator.log");
  if (found.reason === "no_token") throw new StartError(found.detail, logFile, "");

  const deadline = Date.now() + deadlineMs;
  await mkdir(join(home, "logs"), { recursive: true });
  const logOffset = await sizeOf(logFile);
  let child = await launch(options, logFile);
  for (;;) {
    const now = await discoverOrchestrator(home, options);
    if (now.running) return { ...now, started: true };
    if (child.ended !== undefined && child.ended !== 0) {
      throw new StartError(`The orchestrator ended at once (${child.ended}).`, logFile, await lastLines(logFile, logOffset));
    }
    if (Date.now() > deadline) {
      const message = `The orchestrator was not ready after ${deadlineMs / 1000} s: ${now.detail}`;
      throw new StartError(message, logFile, await lastLines(logFile, logOffset));
    }
    if (child.ended === 0 && Date.now() - child.startedAt > respawnMs) child = await launch(options, logFile);
    await delay(pollMs);
  }
}

type Child = { startedAt: number; ended: number | string | undefined };

async function launch(options: EnsureOptions, logFile: string): Promise<Child> {
  const [program, ...args] = options.command;
  const log = await open(logFile, "a", 0o600);
  const child: Child = { startedAt: Date.now(), ended: undefined };
  const running = spawn(program, args, {
    cwd: options.home,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: { ...memory, ...process.env, ...options.environment, LONGHAUL_HOME: options.home },
    windowsHide: true,
  });
  running.on("error", (error) => {
    child.ended = error.message;
  });
  running.on("exit", (code, signal) => {
    child.ended = code ?? signal ?? "unknown";
  });
  running.unref();
  await log.close();
  return child;
}

async function sizeOf(path: string): Promise<number> {
  const entry = await stat(path).catch(() => undefined);
  return entry?.size ?? 0;
}

/** What was logged since this start; earlier runs have their own stories. */
async function lastLines(logFile: string, offset: number): Promise<string> {
  const log = await readFile(logFile).catch(() => Buffer.alloc(0));
  return log.subarray(offset).toString("utf8").trimEnd().split("\n").slice(-shownLines).join("\n");
}
