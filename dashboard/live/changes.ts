/**
 * Tells views that show many executions when one of them changed. One connection for the page, held only while a view wants it and somebody
 * looks (browsers allow few to one host).
 */
import { client } from "../session.ts";

const listeners = new Set<() => void>();
let connection: AbortController | undefined;

/** Calls back after changes, merged; returns the function that ends it. */
export function whenExecutionsChange(listener: () => void): () => void {
  listeners.add(listener);
  settle();
  return () => {
    listeners.delete(listener);
    settle();
  };
}

document.addEventListener("visibilitychange", settle);

function settle(): void {
  const wanted = listeners.size > 0 && !document.hidden;
  if (!wanted) {
    connection?.abort();
    connection = undefined;
  } else if (connection === undefined) {
    connection = new AbortController();
    void follow(connection.signal);
  }
}

async function follow(signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of client.changes({ signal })) for (const listener of listeners) listener();
  } catch {
    // Without it the views still ask now and then, and say themselves what is wrong.
  }
}
