/** Where telemetry goes: OpenTelemetry's own variables, of which a signal's own address wins over the common one. */
import { z } from "zod";

const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" });

/** Part of the environment's schema. */
export const telemetryVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .refine(
      (text) => text.split(",").every((pair) => /^\s*[\w.-]+\s*=/.test(pair)),
      "must be name=value pairs, separated by commas",
    )
    .optional(),
  OTEL_SERVICE_NAME: z.string().default("longhaul"),
};

export type Endpoints = Readonly<{
  traces: string | undefined;
  logs: string | undefined;
  /** Only for Claude Code, which sends its own metrics; Longhaul's are scraped. */
  metrics: string | undefined;
  headers: Readonly<Record<string, string>>;
  serviceName: string;
}>;

/** Undefined when nothing is to be sent. */
export function endpointsOf(values: z.infer<z.ZodObject<typeof telemetryVariables>>): Endpoints | undefined {
  const base = values.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/+$/, "");
  const signal = (own: string | undefined, name: string) => own ?? (base === undefined ? undefined : `${base}/v1/${name}`);
  const traces = signal(values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, "traces");
  const logs = signal(values.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, "logs");
  if (traces === undefined && logs === undefined) return undefined;
  const pairs = (values.OTEL_EXPORTER_OTLP_HEADERS ?? "").split(",").filter((pair) => pair.trim() !== "");
  return Object.freeze({
    traces,
    logs,
    metrics: signal(values.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, "metrics"),
    headers: Object.fromEntries(
      pairs.map((pair) => [
        pair.slice(0, pair.indexOf("=")).trim(),
        decodeURIComponent(pair.slice(pair.indexOf("=") + 1).trim()),
      ]),
    ),
    serviceName: values.OTEL_SERVICE_NAME,
  });
}
