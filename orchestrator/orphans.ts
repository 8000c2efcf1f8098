/**
 * Ends what runs on this machine for attempts that are no longer this node's: cancelled, skipped, superseded or given to another node while
 * nobody here was looking. A running worker learns of that by its heartbeat; this is for the commands whose orchestrator was killed between
 * the commit of a cancel and the kill, or was away when the cancel came.
 *
 * Executions that the database does not know are left alone: it may be another database than the one that they were started for.
 */

import { signalProcess } from "./executors/process-identity.ts";
import { type RunningSupervisor, runningSupervisors } from "./executors/supervisors.ts";
import { type AttemptKey, keyText } from "./store/engine.ts";

export type OrphanOptions = {
  /** Folder that holds the attempts' directories. */
  directory: string;
  /** Those of the given attempts that are not this node's (any more). */
  lost(keys: AttemptKey[]): Promise<AttemptKey[]>;
  isKnown(executionId: string): Promise<boolean>;
  onEnded(orphan: AttemptKey): void;
  now(): number;
};

/** A supervisor ends its tree within its grace; one that does not is killed, and the kernel clears up after it. */
const patienceMs = 25_000;

/** Returns the pass: to be run at start and every now and then. */
export function createOrphanPass(options: OrphanOptions): () => Promise<void> {
  const asked = new Map<string, number>();
  return async () => {
    const running = runningSupervisors(options.directory);
    if (running.length === 0) return asked.clear();
    const lost = new Set((await options.lost(running)).map(keyText));
    for (const supervisor of running) {
      if (!lost.has(keyText(supervisor)) || !(await options.isKnown(supervisor.executionId))) continue;
      end(supervisor);
    }
  };

  function end(supervisor: RunningSupervisor): void {
    const { executionId, ordinal, attempt, identity } = supervisor;
    const name = `${identity.pid} ${identity.starttime}`;
    const sinceMs = asked.get(name);
    asked.set(name, sinceMs ?? options.now());
    const signal = sinceMs === undefined ? "SIGTERM" : options.now() - sinceMs > patienceMs ? "SIGKILL" : undefined;
    if (signal !== undefined && signalProcess(identity, signal)) options.onEnded({ executionId, ordinal, attempt });
  }
}
