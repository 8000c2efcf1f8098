/** Around each `claude` task: refuses to start into a known limit, and tells the governor what the session was told about limits. */
import type { AttemptStep } from "../attempt-step.ts";
import type { AttemptContext, AttemptEvent } from "../executors/executor.ts";
import type { Governor } from "./governor.ts";
import { type Signal, signalOf, signalsOf } from "./signals.ts";
import { suspensionText } from "./suspension.ts";

export type GovernorStepOptions = {
  governor: Pick<Governor, "billing" | "suspension" | "limit" | "setWindow">;
  onError(error: unknown, doing: string): void;
  now(): number;
};

export function governed({ governor, onError, now }: GovernorStepOptions): AttemptStep {
  const { kind: billing, account } = governor.billing;

  /** The session does not wait for what is only told to others; what was not written is seen again at its end. */
  const tell = async (signal: Signal): Promise<void> => {
    try {
      if (signal.kind === "window") await governor.setWindow(signal.used, signal.resetsAtMs);
      else await governor.limit(signal.kind, signal.untilMs, signal.message);
    } catch (error) {
      onError(error, "write down a limit of Claude's account");
    }
  };

  return async (assignment, context, next) => {
    if (assignment.task.kind !== "claude") return next(assignment, context);
    if (!assignment.adopted) {
      const suspension = await governor.suspension();
      if (suspension !== undefined) {
        return {
          status: "failed",
          failureClass: suspension.why === "rate_limit" ? "rate_limit" : "usage_limit",
          message: `not started: ${suspensionText(suspension, now())}`,
          retryAtMs: suspension.untilMs,
        };
      }
    }
    const listening: AttemptContext = {
      ...context,
      async record(entry) {
        await context.record({ ...entry, events: entry.events.map((event) => withBilling(event, { billing, account })) });
        for (const event of entry.events) for (const signal of signalsOf(event, now())) await tell(signal);
      },
    };
    const outcome = await next(assignment, listening);
    const signal = signalOf(outcome, now());
    if (signal !== undefined) await tell(signal);
    return outcome.usage === undefined ? outcome : { ...outcome, usage: { ...outcome.usage, billing } };
  };
}

const withBilling = (event: AttemptEvent, facts: object): AttemptEvent =>
  event.type === "agent.session" ? { ...event, data: { ...event.data, ...facts } } : event;
