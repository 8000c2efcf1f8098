/**
 * Looks at the running tasks and the disks of this node every few seconds, and says what is out of bounds: once when it begins, once when it
 * is over.
 *
 * Failure story. Whether an alert stands is a row in the database, so a node that starts anew does not repeat it; for an adopted attempt it
 * asks the database about everything that looks well. The database away: the look is skipped, the next one says the same. A look
 * that takes longer than the pause between two is not overtaken by the next.
 */
import { stat } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { expectedMinutes } from "../../plan/expected-minutes.ts";
import type { AttemptStep } from "../attempt-step.ts";
import { type Claim, fileNames, readWhole } from "../executors/attempt-files.ts";
import { attemptMark } from "../executors/environment.ts";
import type { Assignment } from "../executors/executor.ts";
import { processLimits } from "../executors/limits.ts";
import type { Alert, HealthStore } from "../store/health.ts";
import { type Disk, disksOf, diskText } from "./disk.ts";
import { judge, type Metric, type Verdict } from "./judge.ts";
import { dumpLog } from "./log-dump.ts";
import { loadsOf, type ProcessLoad } from "./process-load.ts";
import type { Thresholds } from "./thresholds.ts";

export type MonitorOptions = {
  store: Pick<HealthStore, "raise" | "clear" | "raiseDisk" | "clearDisk" | "shortDisks" | "startedMs">;
  thresholds: Thresholds;
  node: string;
  home: string;
  secrets: readonly string[];
  /** Tells those who follow an execution that it has new events. */
  onChange(executionId: string): void;
  onAlert(alert: { metric: string; level: string; message: string; executionId?: string; taskId?: string }): void;
  onError(error: unknown, doing: string): void;
  now(): number;
};

type Watched = {
  assignment: Assignment;
  directory: string;
  startedMs: number | undefined;
  lastOutputMs: number;
  /** What is known to stand; `unknown` of an adopted attempt has not been asked about yet. */
  standing: Set<Metric>;
  unknown: Set<Metric>;
  last: { atMs: number; cpuTicks: number } | undefined;
};

type DiskLevel = "warning" | "critical" | "well";

const metrics: Metric[] = ["duration", "timeout", "memory", "output"];
const ticksPerSecond = 100;
const diskHysteresis = 1.1;

export class HealthMonitor {
  readonly #options: MonitorOptions;
  readonly #watched = new Set<Watched>();
  /** By the folder under which a disk was first met. */
  readonly #diskLevels = new Map<string, DiskLevel>();
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #stopped = false;
  #knowsDisks = false;

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** The innermost step: what is watched is the executor's own run. */
  readonly step: AttemptStep = async (assignment, context, next) => {
    const { now } = this.#options;
    const output = assignment.adopted ? await stat(join(context.directory, fileNames.output)).catch(() => undefined) : undefined;
    const watched: Watched = {
      assignment,
      directory: context.directory,
      startedMs: undefined,
      lastOutputMs: output?.mtimeMs ?? now(),
      standing: new Set(),
      unknown: new Set(assignment.adopted ? metrics : []),
      last: undefined,
    };
    this.#watched.add(watched);
    try {
      return await next(assignment, {
        ...context,
        async record(entry) {
          if (entry.toOffset > entry.fromOffset) watched.lastOutputMs = now();
          await context.record(entry);
        },
      });
    } finally {
      this.#watched.delete(watched);
    }
  };

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#pass = this.runOnce()
        .catch((error: unknown) => this.#options.onError(error, "look after running tasks"))
        .finally(() => this.start());
    }, this.#options.thresholds.everyMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#pass;
  }

  async runOnce(): Promise<void> {
    await this.#lookAtTasks();
    await this.#lookAtDisks();
  }

  async #lookAtTasks(): Promise<void> {
    const { store, now, thresholds } = this.#options;
    const all = [...this.#watched];
    const fresh = all.filter(({ startedMs }) => startedMs === undefined);
    if (fresh.length > 0) {
      const started = await store.startedMs(fresh.map(({ assignment }) => assignment));
      for (const [index, watched] of fresh.entries()) watched.startedMs = started[index] ?? now();
    }
    const held = all.flatMap((watched) => {
      const claim = readWhole<Claim>(watched.directory, fileNames.claim);
      return claim?.by === "supervisor" ? [{ watched, pid: claim.identity.pid, mark: attemptMark(watched.assignment) }] : [];
    });
    const found = loadsOf(held);
    const atMs = now();
    const loads = new Map<Watched, ProcessLoad>();
    for (const [index, { watched }] of held.entries()) {
      const load = found[index] as Omit<ProcessLoad, "busyShare">;
      const { last } = watched;
      const usedMs = last === undefined ? 0 : ((load.cpuTicks - last.cpuTicks) * 1000) / ticksPerSecond;
      loads.set(watched, { ...load, busyShare: last === undefined ? 0 : Math.max(0, usedMs) / Math.max(1, atMs - last.atMs) });
      watched.last = { atMs, cpuTicks: load.cpuTicks };
    }
    for (const watched of all) {
      if (!this.#watched.has(watched)) continue; // ended meanwhile
      const { assignment, startedMs = atMs, lastOutputMs, standing } = watched;
      const load = loads.get(watched);
      const estimate = expectedMinutes(assignment.task);
      const { wallMs, memoryBytes } = processLimits(assignment.task);
      const measured = {
        runningMs: atMs - startedMs,
        estimateMs: estimate.source === "written" ? estimate.likely * 60_000 : undefined,
        limitMs: load === undefined ? undefined : (wallMs ?? undefined),
        silentMs: load === undefined ? undefined : atMs - lastOutputMs,
        load,
        memoryLimitBytes: memoryBytes ?? machineMemory(),
      };
      for (const verdict of judge(measured, thresholds, standing)) await this.#settle(watched, verdict, load);
    }
  }

  async #settle(watched: Watched, verdict: Verdict, load: ProcessLoad | undefined): Promise<void> {
    const { standing, unknown, assignment } = watched;
    const { metric, raised, message } = verdict;
    if (raised === standing.has(metric) && !unknown.has(metric)) return;
    const news = raised
      ? await this.#raise(watched, { metric, level: "warning", message, data: {} }, load)
      : await this.#options.store.clear(assignment, metric, message);
    unknown.delete(metric);
    if (raised) standing.add(metric);
    else standing.delete(metric);
    if (!news) return;
    const { executionId, taskId } = assignment;
    this.#options.onAlert({ metric, level: raised ? "warning" : "recovered", message, executionId, taskId });
    this.#options.onChange(executionId);
  }

  async #raise({ assignment, directory }: Watched, alert: Alert, load: ProcessLoad | undefined): Promise<boolean> {
    const { store, secrets, now, onError } = this.#options;
    const { metric, message } = alert;
    const processes = metric === "memory" || metric === "output" ? { processes: load?.processes ?? [] } : {};
    const dump =
      metric === "memory" && load !== undefined
        ? await dumpLog(directory, { load, message, secrets, now: now() }).catch((error: unknown) => {
            onError(error, "write the dump of a task that is short of memory");
            return {};
          })
        : {};
    return store.raise(assignment, { ...alert, data: { ...processes, ...dump } });
  }

  async #lookAtDisks(): Promise<void> {
    const { home, node, store } = this.#options;
    if (!this.#knowsDisks) {
      for (const path of await store.shortDisks(node)) this.#diskLevels.set(path, "warning");
      this.#knowsDisks = true;
    }
    // Those in trouble first and always: what was paused because of them runs nowhere that would lead here.
    const short = [...this.#diskLevels].flatMap(([path, level]) => (level === "well" ? [] : [path]));
    const workspaces = [...this.#watched].map(({ assignment }) => assignment.workspace);
    const disks = await disksOf(new Set([...short, home, join(home, "executions"), ...workspaces]));
    for (const disk of disks) await this.#lookAt(disk, node);
    // Taken out of the machine: nothing can be said of it, and nothing waits for it.
    for (const path of short) if (!disks.some((disk) => disk.path === path)) await this.#lose(path, node);
    this.#forgetOld(disks);
  }

  async #lose(path: string, node: string): Promise<void> {
    await this.#options.store.clearDisk(node, path, `the disk of ${path} is no longer there`);
    this.#diskLevels.delete(path);
  }

  #forgetOld(disks: Disk[]): void {
    for (const [path, level] of this.#diskLevels) {
      if (level === "well" && !disks.some((disk) => disk.path === path)) this.#diskLevels.delete(path);
    }
  }

  /** A standing alert is raised again and again: executions that came later have not been told. */
  async #lookAt(disk: Disk, node: string): Promise<void> {
    const { store, thresholds, onAlert, onChange } = this.#options;
    const { path, freeBytes, totalBytes, freeShare } = disk;
    const before = this.#diskLevels.get(path);
    const level = levelOf(freeShare, thresholds, before);
    const message = diskText(disk);
    if (level === "well") {
      if (before === "well") return;
      for (const id of await store.clearDisk(node, path, message)) onChange(id);
    } else {
      const data = { node, path, freeBytes, totalBytes };
      for (const id of await store.raiseDisk(node, path, { level, message, data })) onChange(id);
    }
    this.#diskLevels.set(path, level);
    if (level !== before && !(level === "well" && before === undefined))
      onAlert({ metric: "disk", level: level === "well" ? "recovered" : level, message });
  }
}

/** An alert is over when there is a tenth more room than what raised it, as with memory. */
function levelOf(freeShare: number, thresholds: Thresholds, before: DiskLevel | undefined): DiskLevel {
  if (freeShare < thresholds.diskCriticalShare * (before === "critical" ? diskHysteresis : 1)) return "critical";
  return freeShare < thresholds.diskShare * (before === "warning" || before === "critical" ? diskHysteresis : 1)
    ? "warning"
    : "well";
}

/** Of the machine, or of the container that this runs in. */
function machineMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}
