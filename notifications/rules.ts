/** Which event goes to which channel: the matrix of SPEC §9, overridden by the installation and by the plan. Pure. */
import { z } from "zod";

export const channelNames = ["voice", "push", "discord", "slack", "email", "webhook"] as const;
export type ChannelName = (typeof channelNames)[number];
type Rule = boolean | "when-long";

/** Tasks shorter than this are not pushed when they complete. */
const longSeconds = 300;

const all = { voice: true, push: true, discord: true, slack: true, email: true, webhook: true } as const;
const few = { voice: true, push: true, discord: false, slack: false, email: false, webhook: true } as const;

/** Takes the place of the request on the phone, so that nobody taps buttons that are of no use any more. */
const settled = { voice: false, push: true, discord: false, slack: false, email: false, webhook: true } as const;

const matrix: Record<string, Record<ChannelName, Rule>> = {
  "task.started": { ...few, push: false },
  "task.completed": { ...few, push: "when-long" },
  "task.failed": { ...all, email: false },
  "task.awaiting_human": all,
  "approval.requested": all,
  "approval.unanswered": all,
  "approval.expiring": all,
  "approval.approved": settled,
  "approval.rejected": settled,
  "approval.expired": settled,
  "execution.completed": all,
  "execution.failed": all,
  "execution.halted": all,
  "execution.cancelled": few,
  "phase.completed": few,
  "health.warning": few,
  "health.recovered": few,
};

/** `{"task.completed": {"push": true}}`: of an event only the named channels change. */
export const Overrides = z.record(
  z.enum(Object.keys(matrix) as [string, ...string[]]),
  z.partialRecord(z.enum(channelNames), z.boolean()),
);
export type Overrides = z.infer<typeof Overrides>;

/**
 * @param ofPlan the hand-off's own wishes: `channel` for all of its events, `event.channel` for one kind, which counts more
 * @param seconds how long the task ran
 */
export function channelsFor(
  type: string,
  configured: readonly ChannelName[],
  seconds: number | null,
  overrides: Overrides = {},
  ofPlan: Readonly<Record<string, boolean>> = {},
): ChannelName[] {
  const rules = matrix[type];
  if (rules === undefined) return [];
  return configured.filter((channel) => {
    const wish = ofPlan[`${type}.${channel}`];
    if (wish !== undefined) return wish;
    if (ofPlan[channel] === false) return false;
    const rule = overrides[type]?.[channel] ?? (ofPlan[channel] === true && type !== "task.started" ? true : rules[channel]);
    return rule === "when-long" ? (seconds ?? 0) > longSeconds : rule;
  });
}

/** The events that any of these channels could want. */
export const eventTypesFor = (configured: readonly ChannelName[], overrides: Overrides = {}): string[] =>
  configured.length === 0
    ? []
    : Object.keys(matrix).filter((type) => channelsFor(type, configured, Number.POSITIVE_INFINITY, overrides).length > 0);
