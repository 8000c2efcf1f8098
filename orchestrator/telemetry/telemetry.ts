/** Traces and logs over OTLP, put together; without an endpoint nothing of it is loaded and nothing is done. */
import type { Config } from "../config.ts";
import type { Dependency } from "../health/dependencies.ts";
import type { Database } from "../store/db.ts";
import { createTraceStore } from "../store/traces.ts";
import { version } from "../version.ts";
import { createLogStream } from "./log-stream.ts";
import { createTracing, type Tracing } from "./tracing.ts";

export type Telemetry = {
  /** Takes the lines of the log as well. */
  logStream: { write(line: string): void } | undefined;
  state: (() => Dependency) | undefined;
  tracing(parts: { database: Database; onError(error: unknown, doing: string): void }): Tracing;
  close(): Promise<void>;
};

const none: Tracing = {
  steps: (named) => Object.values(named).flat(),
  submitted: (handOff) => handOff(),
  look: () => undefined,
  settle: () => Promise.resolve(),
};

export async function openTelemetry({ telemetry: endpoints }: Pick<Config, "telemetry">, node: string): Promise<Telemetry> {
  if (endpoints === undefined)
    return { logStream: undefined, state: undefined, tracing: () => none, close: () => Promise.resolve() };
  const { openExporter } = await import("./exporter.ts");
  const exporter = await openExporter(endpoints, { node, version });
  return {
    logStream: createLogStream(exporter),
    state: exporter.state,
    tracing: ({ database, onError }) =>
      createTracing({ exporter, store: createTraceStore(database), endpoints, onError, now: Date.now }),
    close: exporter.close,
  };
}
