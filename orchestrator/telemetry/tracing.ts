/**
 * Spans of what happens to an execution: submit, then for each attempt its time in the queue, the attempt, and inside it what each step and
 * the task itself took. An attempt links to the one before it.
 *
 * Failure story. Spans are made when something has ended, from the times of the database, so that an attempt that was taken over is one span
 * over both processes. Killed: what had not been sent is missing from the trace, and from nothing else.
 */
import { randomBytes } from "node:crypto";
import type { AttemptStep } from "../attempt-step.ts";
import type { Assignment, Outcome } from "../executors/executor.ts";
import type { TraceStore } from "../store/traces.ts";
import type { Endpoints } from "./endpoints.ts";
import type { SpanRecord, TelemetryExporter } from "./exporter.ts";
import { attemptSpan, executionSpan, traceparentOf } from "./trace-ids.ts";

export type TracingOptions = {
  exporter: Pick<TelemetryExporter, "span">;
  store: TraceStore;
  endpoints: Endpoints;
  onError(error: unknown, doing: string): void;
  now(): number;
};

/** Steps by what their time is shown as, outermost first. */
export type NamedSteps = Readonly<Record<string, readonly AttemptStep[]>>;

export type Tracing = {
  /** The same steps, with spans around what each of them does itself. */
  steps(named: NamedSteps): AttemptStep[];
  /** Runs a hand-off inside its span. */
  submitted<Answer extends { executionId: string }>(
    handOff: () => Promise<Answer>,
    correlationId: string | undefined,
  ): Promise<Answer>;
  /** These executions may have ended. */
  look(executionIds: Iterable<string>): void;
  /** Resolves when what was looked at is told. */
  settle(): Promise<void>;
};

/** What takes less is not worth a line in a picture. */
const shortestMs = 1;

export function createTracing({ exporter, store, endpoints, onError, now }: TracingOptions): Tracing {
  const looking = new Set<Promise<void>>();

  const attributesOf = ({ executionId, taskId, attempt, task, planTitle, conversationId }: Assignment) => ({
    execution_id: executionId,
    task_id: taskId,
    attempt,
    "task.title": task.title,
    "task.kind": task.kind,
    "plan.title": planTitle,
    conversation_id: conversationId,
  });

  function segment(
    assignment: Assignment,
    name: string,
    times: { startMs: number; endMs: number },
    more: Partial<SpanRecord> = {},
  ) {
    if (times.endMs - times.startMs < shortestMs && more.error === undefined) return;
    const { traceId, spanId } = attemptSpan(assignment.executionId, assignment.taskId, assignment.attempt);
    const { execution_id, task_id, attempt } = attributesOf(assignment);
    exporter.span({
      traceId,
      spanId: randomBytes(8).toString("hex"),
      parentSpanId: spanId,
      name,
      ...times,
      attributes: { execution_id, task_id, attempt },
      ...more,
    });
  }

  /** Spans of a step's own time: before it calls the next, between its calls, and after them. */
  const around =
    (name: string, step: AttemptStep): AttemptStep =>
    async (assignment, context, next) => {
      let startMs = now();
      const outcome = await step(assignment, context, async (given, inside) => {
        segment(assignment, name, { startMs, endMs: now() });
        try {
          return await next(given, inside);
        } finally {
          startMs = now();
        }
      });
      segment(assignment, name, { startMs, endMs: now() });
      return outcome;
    };

  const whole: AttemptStep = async (assignment, context, next) => {
    const { executionId, ordinal, taskId, attempt } = assignment;
    const outcome = await next(
      { ...assignment, environment: { ...assignment.environment, ...variablesOf(assignment, endpoints) } },
      context,
    );
    if (outcome.status === "detached") return outcome; // whoever takes it over tells of it
    const endMs = now();
    const times = await store.attempt({ executionId, ordinal, attempt }).catch((error: unknown) => {
      onError(error, "tell of an attempt");
      return undefined;
    });
    if (times === undefined) return outcome;
    const { traceId, spanId } = attemptSpan(executionId, taskId, attempt);
    const parentSpanId = executionSpan(executionId).spanId;
    const attributes = { ...attributesOf(assignment), ...factsOf(outcome) };
    const startMs = times.startedAt.getTime();
    exporter.span({
      traceId,
      spanId: randomBytes(8).toString("hex"),
      parentSpanId,
      name: "queue",
      startMs: times.readyAt.getTime(),
      endMs: startMs,
      attributes: { execution_id: executionId, task_id: taskId, attempt },
    });
    exporter.span({
      traceId,
      spanId,
      parentSpanId,
      name: "attempt",
      startMs,
      endMs,
      attributes,
      links: attempt > 1 ? [attemptSpan(executionId, taskId, attempt - 1)] : [],
      ...(outcome.status === "failed" ? { error: outcome.message } : {}),
    });
    return outcome;
  };

  const run: AttemptStep = async (assignment, context, next) => {
    const startMs = now();
    const outcome = await next(assignment, context);
    const error = outcome.status === "failed" ? { error: outcome.message } : {};
    if (outcome.status !== "detached") segment(assignment, "run", { startMs, endMs: now() }, error);
    return outcome;
  };

  async function tellEnd(executionId: string): Promise<void> {
    const ended = await store.execution(executionId);
    if (ended === undefined) return;
    const { createdAt, finishedAt, status, title, planId, conversationId } = ended;
    exporter.span({
      ...executionSpan(executionId),
      name: "execution",
      startMs: createdAt.getTime(),
      endMs: finishedAt.getTime(),
      attributes: { execution_id: executionId, plan_id: planId, "plan.title": title, conversation_id: conversationId, status },
      ...(status === "failed" ? { error: "the execution failed" } : {}),
    });
  }

  return {
    steps: (named) => [whole, ...Object.entries(named).flatMap(([name, steps]) => steps.map((step) => around(name, step))), run],
    async submitted(handOff, correlationId) {
      const startMs = now();
      const answer = await handOff();
      const { traceId, spanId } = executionSpan(answer.executionId);
      exporter.span({
        traceId,
        spanId: randomBytes(8).toString("hex"),
        parentSpanId: spanId,
        name: "submit",
        startMs,
        endMs: now(),
        attributes: { execution_id: answer.executionId, correlation_id: correlationId },
      });
      return answer;
    },
    look(executionIds) {
      for (const executionId of executionIds) {
        const told = tellEnd(executionId)
          .catch((error: unknown) => onError(error, "tell of an execution"))
          .finally(() => looking.delete(told));
        looking.add(told);
      }
    },
    async settle() {
      await Promise.all(looking);
    },
  };
}

const factsOf = ({ status, failureClass, exitCode, sessionId, usage }: Outcome) => ({
  status,
  "failure.class": failureClass,
  "exit.code": exitCode,
  "claude.session_id": sessionId,
  "cost.usd": usage?.costUsd,
});

/** What a task's process is told: its place in the trace, and, for Claude Code, to send its own telemetry to the same place. */
function variablesOf({ executionId, taskId, attempt, task }: Assignment, endpoints: Endpoints): Record<string, string> {
  const own = { TRACEPARENT: traceparentOf(attemptSpan(executionId, taskId, attempt)) };
  if (task.kind !== "claude") return own;
  const signals = Object.entries({ TRACES: endpoints.traces, LOGS: endpoints.logs, METRICS: endpoints.metrics }).flatMap(
    ([signal, url]) =>
      url === undefined
        ? []
        : [
            [`OTEL_${signal}_EXPORTER`, "otlp"],
            [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, url],
          ],
  );
  return {
    ...own,
    CLAUDE_CODE_ENABLE_TELEMETRY: "1",
    CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_RESOURCE_ATTRIBUTES: `execution_id=${executionId},task_id=${encodeURIComponent(taskId)},attempt=${attempt}`,
    ...Object.fromEntries(signals),
  };
}
