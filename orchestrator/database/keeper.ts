/**
 * Keeps the embedded server up: when its process is gone it is started again, in the same place, so every connection finds it where it was.
 * PostgreSQL recovers by itself from what it had promised; the rest of the node waits in its own retries meanwhile.
 */
import { type EmbeddedDatabase, type EmbeddedOptions, startEmbedded } from "./embedded.ts";

const checkMs = 200;
/** After a start that failed; each one writes to the log. */
const pauseMs = 2000;

export type KeptDatabase = Pick<EmbeddedDatabase, "connection" | "stop">;

/** Starts or adopts the server, and again whenever it dies, until `stop`. */
export async function keepEmbedded(options: EmbeddedOptions): Promise<KeptDatabase> {
  let server = await startEmbedded(options);
  let restarting: Promise<void> | undefined;
  let pausedUntilMs = 0;
  const stopped = new AbortController();
  const timer = setInterval(() => {
    if (restarting !== undefined || Date.now() < pausedUntilMs || server.isRunning()) return;
    options.log?.(`PostgreSQL, process ${server.pid}, is gone: starting it again`);
    restarting = startEmbedded({ ...options, signal: stopped.signal })
      .then(
        (started) => {
          server = started;
        },
        (error: unknown) => {
          pausedUntilMs = Date.now() + pauseMs;
          options.log?.(`PostgreSQL could not be started again: ${error instanceof Error ? error.message : String(error)}`);
        },
      )
      .finally(() => {
        restarting = undefined;
      });
  }, checkMs);
  return {
    connection: server.connection,
    async stop() {
      clearInterval(timer);
      stopped.abort();
      await restarting;
      await server.stop();
    },
  };
}
