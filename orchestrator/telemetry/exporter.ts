/**
 * Sends spans and log records over OTLP/HTTP. The only file that knows OpenTelemetry's SDK, which is loaded when an endpoint is configured.
 *
 * Failure story. The receiver is down or slow: batches wait in a queue of bounded length, what does not fit is dropped, and nobody waits for
 * any of it; the state says so. At the end what is left gets two seconds.
 */
import type { Attributes } from "@opentelemetry/api";
import type { Dependency } from "../health/dependencies.ts";
import type { Endpoints } from "./endpoints.ts";
import type { SpanKey } from "./trace-ids.ts";

export type SpanRecord = SpanKey & {
  name: string;
  parentSpanId?: string;
  startMs: number;
  endMs: number;
  attributes: Record<string, string | number | boolean | undefined>;
  links?: SpanKey[];
  /** What went wrong. */
  error?: string;
};
export type LogRecord = {
  atMs: number;
  level: string;
  message: string;
  attributes: Record<string, string | number | boolean>;
  span: SpanKey | undefined;
};

export type TelemetryExporter = {
  span(record: SpanRecord): void;
  log(record: LogRecord): void;
  /** What the last export came to. */
  state(): Dependency;
  close(): Promise<void>;
};

const closeMs = 2_000;
const sendMs = 2_000;
const batchMs = 1_000;
const severities: Record<string, number> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

export async function openExporter(
  endpoints: Endpoints,
  identity: { node: string; version: string },
): Promise<TelemetryExporter> {
  const [
    api,
    { BatchSpanProcessor, TracerProvider },
    { OTLPTraceExporter },
    logs,
    { OTLPLogExporter },
    { resourceFromAttributes },
  ] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-http"),
    import("@opentelemetry/sdk-logs"),
    import("@opentelemetry/exporter-logs-otlp-http"),
    import("@opentelemetry/resources"),
  ]);
  let closing = false;
  const results = new Map<string, { at: Date; error: string | undefined }>();
  const resource = resourceFromAttributes({
    "service.name": endpoints.serviceName,
    "service.version": identity.version,
    "service.instance.id": identity.node,
  });
  const common = { headers: { ...endpoints.headers }, timeoutMillis: sendMs };
  const batching = { scheduledDelayMillis: batchMs, exportTimeoutMillis: sendMs };

  /** Remembers how each export ended. */
  function noted<Exporter extends { export(items: never[], done: (result: { code: number; error?: Error }) => void): void }>(
    signal: string,
    exporter: Exporter,
  ): Exporter {
    const send = exporter.export.bind(exporter);
    exporter.export = (items, done) => {
      // A receiver that is down is not waited for at the end: the exporter would try again and keep the process alive.
      if (closing && results.get(signal)?.error !== undefined) return done({ code: 1 });
      send(items, (result) => {
        results.set(signal, { at: new Date(), error: result.code === 0 ? undefined : (result.error?.message ?? "not accepted") });
        done(result);
      });
    };
    return exporter;
  }

  let next: SpanKey = { traceId: "", spanId: "" };
  const tracing =
    endpoints.traces === undefined
      ? undefined
      : new TracerProvider({
          resource,
          idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
          spanProcessors: [
            new BatchSpanProcessor({
              ...batching,
              exporter: noted("traces", new OTLPTraceExporter({ ...common, url: endpoints.traces })),
            }),
          ],
        });
  const logging =
    endpoints.logs === undefined
      ? undefined
      : new logs.LoggerProvider({
          resource,
          processors: [
            new logs.BatchLogRecordProcessor({
              ...batching,
              exporter: noted("logs", new OTLPLogExporter({ ...common, url: endpoints.logs })),
            }),
          ],
        });
  const tracer = tracing?.getTracer("longhaul", identity.version);
  const logger = logging?.getLogger("longhaul", identity.version);
  const contextOf = ({ traceId, spanId }: SpanKey) =>
    api.trace.setSpanContext(api.ROOT_CONTEXT, { traceId, spanId, traceFlags: api.TraceFlags.SAMPLED, isRemote: true });
  const settled = (run: (() => Promise<void>)[], milliseconds: number) =>
    Promise.race([
      Promise.allSettled(run.map((one) => one())),
      new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref()),
    ]);

  return {
    span({ name, traceId, spanId, parentSpanId, startMs, endMs, attributes, links = [], error }) {
      if (tracer === undefined) return;
      next = { traceId, spanId };
      const context = parentSpanId === undefined ? api.ROOT_CONTEXT : contextOf({ traceId, spanId: parentSpanId });
      const span = tracer.startSpan(
        name,
        {
          startTime: startMs,
          attributes: attributes as Attributes,
          links: links.map((link) => ({ context: { ...link, traceFlags: api.TraceFlags.SAMPLED, isRemote: true } })),
        },
        context,
      );
      if (error !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR, message: error });
      span.end(Math.max(startMs, endMs));
    },
    log({ atMs, level, message, attributes, span }) {
      logger?.emit({
        timestamp: atMs,
        severityText: level,
        severityNumber: severities[level] ?? 9,
        body: message,
        attributes,
        ...(span === undefined ? {} : { context: contextOf(span) }),
      });
    },
    state() {
      const failed = [...results].find(([, { error }]) => error !== undefined);
      if (failed !== undefined) return { status: "down", detail: `${failed[0]}: ${failed[1].error ?? ""}` };
      const last = [...results.values()].at(-1);
      if (last === undefined) return { status: "unknown", detail: "nothing was sent yet" };
      return { status: "up", detail: `sent at ${last.at.toISOString()}` };
    },
    async close() {
      closing = true;
      await settled([async () => tracing?.shutdown(), async () => logging?.shutdown()], closeMs);
    },
  };
}
