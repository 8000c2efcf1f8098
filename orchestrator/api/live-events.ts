/**
 * The events of one execution from a sequence number on, as they are committed, to the execution's end.
 *
 * Reading decides, waking only hurries: the follower is in place before the first read and every wake-up (and every heartbeat, in case one
 * was lost) reads on from the last sequence number, which has no gaps. So nothing is missed, however the wake-ups come. Nothing is read
 * while the consumer is busy with the last batch: a slow reader costs one page of memory.
 */

import type { Queries } from "../service.ts";
import type { Event, StreamEnd } from "./contract.ts";

export type LiveBatch = { kind: "events"; events: Event[] } | { kind: "heartbeat" } | { kind: "end"; end: StreamEnd };

export type LiveOptions = {
  executionId: string;
  /** The last sequence number that the consumer has. */
  after: number;
  heartbeatMs: number;
  signal: AbortSignal;
};

const pageSize = 200;
const finalStatuses = new Set(["completed", "failed", "cancelled"]);
const finalEvents = new Set(["execution.completed", "execution.failed", "execution.cancelled"]);

/** Ends after the `end` batch, or without one when the signal is aborted. */
export async function* liveEvents(queries: Queries, options: LiveOptions): AsyncGenerator<LiveBatch, void, undefined> {
  const { executionId, heartbeatMs, signal } = options;
  let { after } = options;
  const bell = createBell();
  const unfollow = queries.follow(executionId, bell.ring);
  signal.addEventListener("abort", bell.ring);
  // Asking for the status is dear, so it is done only when the execution may be over.
  let mayBeOver = true;
  try {
    while (!signal.aborted) {
      bell.reset();
      const { events } = await queries.events(executionId, { after, limit: pageSize });
      const last = events.at(-1);
      if (last !== undefined) {
        after = last.seq;
        mayBeOver ||= events.some((event) => finalEvents.has(event.type));
        yield { kind: "events", events };
        if (events.length === pageSize) continue;
      }
      if (mayBeOver) {
        const { status, lastSeq, runningTasks } = await queries.status(executionId);
        if (lastSeq > after) continue;
        mayBeOver = finalStatuses.has(status);
        // A cancelled execution still hears how its running tasks were stopped.
        if (mayBeOver && runningTasks.length === 0) {
          yield { kind: "end", end: { executionId, status, lastSeq } };
          return;
        }
      }
      if (!(await bell.rang(heartbeatMs))) yield { kind: "heartbeat" };
    }
  } finally {
    signal.removeEventListener("abort", bell.ring);
    unfollow();
  }
}

type Bell = { ring: () => void; reset: () => void; rang: (withinMs: number) => Promise<boolean> };

/** Remembers a ring that came while nobody waited. */
function createBell(): Bell {
  let hasRung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      hasRung = true;
      wake?.();
    },
    reset: () => {
      hasRung = false;
    },
    rang: async (withinMs) => {
      if (hasRung) return true;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, withinMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = undefined;
      return hasRung;
    },
  };
}
