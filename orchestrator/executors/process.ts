/**
 * Runs one command under a supervisor and follows it to its end, or goes on following it after a restart of the orchestrator.
 *
 * Failure story. The claim decides everything. Nobody has it and an earlier orchestrator may have started a supervisor: the claim is taken
 * here, so that a supervisor that comes late gives up, and nothing has run. A supervisor has it and lives: its files are followed. It is
 * dead: exit.json tells how the command ended; without one its end is unknown, and whatever still carries the attempt's mark is killed.
 * A supervisor is known by pid, start time and boot, so neither a reused pid nor a reboot is taken for it.
 */
import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Claim, type ExitReport, fileNames, type Intent, readWhole, takeClaim } from "./attempt-files.ts";
import type { StopReason } from "./executor.ts";
import { identify, isAlive, signalProcess } from "./process-identity.ts";
import { cleanUp, sweepMarked } from "./process-tree.ts";
import { type LaunchOptions, launchSupervisor, type Starting } from "./supervisor-launch.ts";
import { Waker } from "./waker.ts";

/** `finished` is a command that was ended because it had said all that matters. */
export type ProcessStop = StopReason | "finished";

export type ProcessEnd =
  | { kind: "ended"; report: ExitReport; stopped: ProcessStop | undefined }
  | { kind: "unknown"; swept: number; stopped: ProcessStop | undefined }
  | { kind: "never_started"; why: string; stopped: ProcessStop | undefined }
  | { kind: "detached" };

export type SuperviseOptions = LaunchOptions & {
  /** True when an earlier orchestrator may have started it: then it is followed or given up, never started. */
  adopted: boolean;
  signal: AbortSignal;
  /** Records what has come; called again and again while it runs, never twice at a time, and once with `ended`. */
  pump(ended: boolean): Promise<void>;
  /** Asked after every pump: true ends the command, because all that matters has been said. */
  isFinished?(): boolean;
};

const pollMs = 1_000;
const batchMs = 150;
const startMs = 30_000;
const defaultGraceMs = 5_000;
/** What a supervisor may need beyond the grace of its command. */
const supervisorSlackMs = 12_000;

/**
 * Starts the command or attaches to it, and resolves when it has ended or was let go of.
 * @throws what `pump` threw; the command has been ended by then
 */
export async function superviseProcess(options: SuperviseOptions): Promise<ProcessEnd> {
  const waker = new Waker();
  const unwatch = watchFiles(options.directory, waker);
  const wake = () => waker.wake();
  options.signal.addEventListener("abort", wake);
  try {
    const settled = await settleClaim(options, waker);
    return "kind" in settled ? settled : await follow(options, settled, waker);
  } finally {
    options.signal.removeEventListener("abort", wake);
    unwatch();
    waker.cancel();
  }
}

/** Wakes on changes of the directory. Where the system has no watch left to give, the loop's polling has to do. */
function watchFiles(directory: string, waker: Waker): () => void {
  try {
    const watcher = watch(directory, (_event, name) => {
      if (name === fileNames.output) waker.wakeWithin(batchMs);
      else if (name === fileNames.exit || name === fileNames.claim) waker.wake();
    });
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}

/** Resolves to the supervisor's claim, or to the end of an attempt that no supervisor may start any more. */
async function settleClaim(options: SuperviseOptions, waker: Waker): Promise<Claim | ProcessEnd> {
  const { directory, signal } = options;
  const mayStart = !options.adopted && stopReason(signal) === undefined;
  let starting: Starting | undefined;
  if (mayStart && readWhole(directory, fileNames.claim) === undefined)
    starting = await launchSupervisor(options, () => waker.wake());
  const deadline = performance.now() + startMs;
  for (;;) {
    const claim = readWhole<Claim>(directory, fileNames.claim);
    const stopped = stopReason(signal);
    if (claim?.by === "supervisor") return claim;
    if (claim?.by === "recovery") return { kind: "never_started", why: "it was given up before its supervisor came", stopped };
    if (starting !== undefined && stopped === "detach") return { kind: "detached" };
    const hopeless = starting === undefined || starting.ended || stopped !== undefined || performance.now() > deadline;
    if (!hopeless) await waker.wait(pollMs);
    else if (takeClaim(directory, { by: "recovery", identity: identifySelf() })) {
      return { kind: "never_started", why: await whyNot(directory, options.adopted, starting), stopped };
    }
  }
}

async function follow(options: SuperviseOptions, claim: Claim, waker: Waker): Promise<ProcessEnd> {
  const { directory, signal } = options;
  let stopped: ProcessStop | undefined;
  let killAtMs = Number.POSITIVE_INFINITY;
  let failure: { error: unknown } | undefined;
  const stop = (reason: ProcessStop) => {
    if (stopped !== undefined) return;
    stopped = reason;
    const graceMs = readWhole<Intent>(directory, fileNames.intent)?.graceMs ?? defaultGraceMs;
    killAtMs = performance.now() + graceMs + supervisorSlackMs;
    signalProcess(claim.identity, "SIGTERM");
  };
  const letGo = Promise.withResolvers<"detached">();
  // Not left to the loop below: it may be waiting for a database that is away.
  const onAbort = () => {
    const reason = stopReason(signal);
    if (reason === "detach") letGo.resolve("detached");
    else if (reason !== undefined) stop(reason);
  };
  const pump = async (ended: boolean): Promise<"detached" | undefined> => {
    if (failure !== undefined) return undefined;
    try {
      return await Promise.race([options.pump(ended).then(() => undefined), letGo.promise]);
    } catch (error) {
      failure = { error };
      stop("superseded");
      return undefined;
    }
  };

  signal.addEventListener("abort", onAbort, { once: true });
  onAbort();
  try {
    for (;;) {
      // In this order: a supervisor that was seen dead has written its report before, if it ever did.
      const alive = isAlive(claim.identity);
      const report = readWhole<ExitReport>(directory, fileNames.exit);
      const over = report !== undefined || !alive;
      const swept = over && report === undefined ? await endLeftovers(directory, options.mark) : 0;
      if ((await pump(over)) === "detached") return { kind: "detached" };
      if (over) {
        if (failure !== undefined) throw failure.error;
        return report === undefined ? { kind: "unknown", swept, stopped } : { kind: "ended", report, stopped };
      }
      if (options.isFinished?.() === true) stop("finished");
      if (performance.now() > killAtMs) signalProcess(claim.identity, "SIGKILL");
      await waker.wait(pollMs);
      if (signal.aborted && stopReason(signal) === "detach") return { kind: "detached" };
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The reason of an abort; one that is none of ours counts as a cancel. */
function stopReason(signal: AbortSignal): StopReason | undefined {
  if (!signal.aborted) return undefined;
  return signal.reason === "detach" || signal.reason === "superseded" ? signal.reason : "cancelled";
}

async function whyNot(directory: string, adopted: boolean, starting: Starting | undefined): Promise<string> {
  if (starting === undefined) return adopted ? "no supervisor had taken it" : "it was stopped before it started";
  const log = await readFile(join(directory, fileNames.supervisorLog), "utf8").catch(() => "");
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const complaint = lines.find((line) => /Error: /.test(line)) ?? lines.at(-1) ?? "";
  return [starting.problem || "the supervisor did not come up", complaint.trim()].filter((text) => text !== "").join(": ");
}

function identifySelf() {
  const self = identify("self");
  if (self === undefined) throw new Error("cannot identify the orchestrator's own process");
  return self;
}

/** What a supervisor that was killed has left: processes, and whatever its wrapper made besides them. */
async function endLeftovers(directory: string, mark: string): Promise<number> {
  const swept = await sweepMarked(mark);
  const intent = readWhole<Intent>(directory, fileNames.intent);
  if (intent !== undefined) cleanUp(intent);
  return swept;
}
