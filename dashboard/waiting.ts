/** How many things wait for a person, for the sign beside the inbox and in the title of the page. */
import { effect, signal } from "@preact/signals";
import { approvals } from "../client/approvals.ts";
import { client, session } from "./session.ts";

export const waiting = signal(0);
const everyMs = 5000;

export async function countWaiting(): Promise<void> {
  if (session.peek().kind !== "in" || document.hidden) return;
  try {
    const [actions, pending] = await Promise.all([client.pendingActions(), approvals(client)]);
    const asked = new Set(pending.approvals.map(({ executionId, taskId }) => `${executionId} ${taskId}`));
    const further = actions.filter(({ executionId, taskId }) => !asked.has(`${executionId} ${taskId}`));
    waiting.value = further.length + pending.approvals.length;
  } catch {
    // The views say what is wrong; the sign keeps its last number.
  }
}

effect(() => {
  if (session.value.kind === "in") void countWaiting();
});
setInterval(() => void countWaiting(), everyMs);
document.addEventListener("visibilitychange", () => void countWaiting());
