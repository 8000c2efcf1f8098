/** The log's lines as OTLP records: whatever has an execution carries its trace. */
import type { LogRecord, TelemetryExporter } from "./exporter.ts";
import { attemptSpan, executionSpan } from "./trace-ids.ts";

const names: Record<string, string> = { correlationId: "correlation_id", executionId: "execution_id", taskId: "task_id" };

/** What pino writes its lines to besides standard output. */
export function createLogStream(exporter: Pick<TelemetryExporter, "log">): { write(line: string): void } {
  return { write: (line) => exporter.log(recordOf(JSON.parse(line) as Record<string, unknown>)) };
}

function recordOf({ level, time, msg, ...fields }: Record<string, unknown>): LogRecord {
  const { executionId, taskId, attempt } = fields;
  const span =
    typeof executionId !== "string"
      ? undefined
      : typeof taskId === "string" && typeof attempt === "number"
        ? attemptSpan(executionId, taskId, attempt)
        : executionSpan(executionId);
  const attributes = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[names[name] ?? name, plain(value)] as const],
  );
  return {
    atMs: Date.parse(String(time)),
    level: String(level),
    message: typeof msg === "string" ? msg : "",
    attributes: Object.fromEntries(attributes),
    span,
  };
}

const plain = (value: unknown): string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : JSON.stringify(value);
