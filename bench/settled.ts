/** Waiting for an engine that does not say by itself that its bookkeeping is done. */
import { setTimeout as delay } from "node:timers/promises";

/** Asks every few milliseconds until the answer is yes. */
export async function settled(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await delay(2);
}
