/** What executions were worth, added up from what is recorded. What is not recorded is null, never a guess. */

type Range = { least: number; most: number };
type WaitsFor = "human" | "approval" | "external" | "paused";

/** What the rows and the event log say about one execution. */
export type ValueFacts = {
  completedExecution: boolean;
  /** False when its event log was let go of: then nothing is known about people and waits. */
  recorded: boolean;
  tasks: { total: number; completed: number; failed: number; skipped: number; cancelled: number };
  /** Completed tasks in which no person had a hand. */
  withoutHuman: number;
  /** Completed tasks of which it is known how long a person would have needed. */
  estimated: number;
  manualMinutes: Range;
  /** What people worked on those and on approvals. */
  humanMinutes: Range;
  costUsd: number;
  tokens: number;
  tasksOfUnknownCost: number;
  /** What the person who handed it off says it is worth. */
  worthUsd: number | null;
  waitedSeconds: Partial<Record<WaitsFor, number>>;
};

export type Value = {
  executions: number;
  unrecorded: number;
  tasks: ValueFacts["tasks"] & { pending: number };
  automation: { percentage: number; withoutHuman: number; completed: number } | null;
  timeSaved: { minMinutes: number; maxMinutes: number; tasks: number; completed: number } | null;
  cost: { usd: number; tokens: number; tasksOfUnknownCost: number };
  worth: { usd: number; costUsd: number; roi: number | null } | null;
  waitedSeconds: Record<WaitsFor, number>;
};

/**
 * @example roi is (worth − cost) ÷ cost of the completed executions of which a worth was given: 3 means that each dollar brought three more.
 * It is null where something cost nothing or an unknown amount.
 */
export function valueOf(facts: readonly ValueFacts[]): Value {
  const sum = (of: (fact: ValueFacts) => number, among = facts) => among.reduce((total, fact) => total + of(fact), 0);
  const count = (state: keyof ValueFacts["tasks"], among = facts) => sum(({ tasks }) => tasks[state], among);
  const ended = count("completed") + count("failed") + count("skipped") + count("cancelled");
  const recorded = facts.filter((fact) => fact.recorded);
  const completed = count("completed", recorded);
  const withoutHuman = sum((fact) => fact.withoutHuman, recorded);
  const estimated = sum((fact) => fact.estimated, recorded);
  const worthy = facts.filter(({ worthUsd, completedExecution }) => worthUsd !== null && completedExecution);
  const worth = sum(({ worthUsd }) => worthUsd ?? 0, worthy);
  const worthCost = sum(({ costUsd }) => costUsd, worthy);
  const worthCostIsKnown = worthy.every(({ tasksOfUnknownCost }) => tasksOfUnknownCost === 0);
  const waited = (what: WaitsFor) => Math.round(sum(({ waitedSeconds }) => waitedSeconds[what] ?? 0));
  return {
    executions: facts.length,
    unrecorded: facts.length - recorded.length,
    tasks: {
      total: count("total"),
      completed: count("completed"),
      pending: count("total") - ended,
      failed: count("failed"),
      skipped: count("skipped"),
      cancelled: count("cancelled"),
    },
    automation: completed === 0 ? null : { percentage: round((100 * withoutHuman) / completed), withoutHuman, completed },
    timeSaved:
      estimated === 0
        ? null
        : {
            minMinutes: round(sum(({ manualMinutes, humanMinutes }) => manualMinutes.least - humanMinutes.most, recorded)),
            maxMinutes: round(sum(({ manualMinutes, humanMinutes }) => manualMinutes.most - humanMinutes.least, recorded)),
            tasks: estimated,
            completed,
          },
    cost: {
      usd: sum(({ costUsd }) => costUsd),
      tokens: sum(({ tokens }) => tokens),
      tasksOfUnknownCost: sum(({ tasksOfUnknownCost }) => tasksOfUnknownCost),
    },
    worth:
      worthy.length === 0
        ? null
        : {
            usd: worth,
            costUsd: worthCost,
            roi: worthCostIsKnown && worthCost > 0 ? round((worth - worthCost) / worthCost) : null,
          },
    waitedSeconds: {
      human: waited("human"),
      approval: waited("approval"),
      external: waited("external"),
      paused: waited("paused"),
    },
  };
}

const round = (value: number) => Math.round(value * 10) / 10;
