/** The queue of what only people can do: the most urgent first, then what most other work waits for, then what has waited longest. */
import type { Estimate } from "../plan/model.ts";
import { HumanParams } from "../plan/params/human.ts";
import type { Action } from "./api/action-contract.ts";
import type { AwaitingRow, InboxStore } from "./store/inbox.ts";

const ranks = { high: 0, normal: 1, low: 2 } as const;

/** Bytes of a diff that are shown here; all of it lies in the file that it names. */
const longestDiff = 16_000;

export async function readInbox(store: InboxStore): Promise<Action[]> {
  const actions = (await store.awaiting()).map(actionOf);
  return actions.sort(
    (a, b) => ranks[a.urgency] - ranks[b.urgency] || b.unblocks - a.unblocks || Date.parse(a.since) - Date.parse(b.since),
  );
}

function actionOf(row: AwaitingRow): Action {
  const { spec, hold } = row;
  const said = spec.kind === "human" ? (HumanParams.safeParse(spec.params).data ?? {}) : {};
  const detail = hold?.detail ?? {};
  const diff = textOf(detail["diff"]);
  return {
    id: `${row.execution_id}.${row.ordinal}`,
    executionId: row.execution_id,
    executionTitle: row.title,
    taskId: row.task_id,
    title: spec.title,
    waitsFor: row.status === "awaiting_approval" ? "approval" : row.status === "blocked" ? "external" : "human",
    what: textOf(detail["what"]) ?? (spec.description === "" ? spec.title : spec.description),
    why: row.message ?? said.why ?? spec.requiresHuman ?? `tasks of kind '${spec.kind}' need a person here`,
    how: howTo(row, said.how),
    ...urgencyOf(row, said.urgency),
    minutes: hold === null ? minutesOf(spec.manualEstimate ?? spec.estimate) : null,
    material: row.material,
    diff: diff === undefined ? null : diff.slice(0, longestDiff),
    since: row.since.toISOString(),
    unblocks: row.unblocks,
  };
}

/** As the plan says; else high where nothing else of the execution can go on, or it goes before others, and low where nothing waits for it. */
function urgencyOf(row: AwaitingRow, said: Action["urgency"] | undefined): Pick<Action, "urgency" | "urgencyReason"> {
  if (said !== undefined) return { urgency: said, urgencyReason: "the plan says so" };
  const { priority } = row.spec;
  if (priority === "high") return { urgency: "high", urgencyReason: "the plan gives the task a high priority" };
  if (row.execution_status === "blocked") return { urgency: "high", urgencyReason: "nothing else of this execution can go on" };
  if (row.execution_priority > 0) return { urgency: "high", urgencyReason: "the execution has a high priority" };
  if (priority === "low") return { urgency: "low", urgencyReason: "the plan gives the task a low priority" };
  if (row.execution_priority < 0) return { urgency: "low", urgencyReason: "the execution has a low priority" };
  if (row.unblocks === 0) return { urgency: "low", urgencyReason: "nothing waits for it" };
  return { urgency: "normal", urgencyReason: "other tasks go on meanwhile" };
}

function howTo({ execution_id, hold, spec, status }: AwaitingRow, said: string | undefined): string {
  const own = said ?? textOf(hold?.detail?.["how"]);
  const checks = spec.verification.map(({ criterion }) => criterion);
  const check = checks.length === 0 ? "" : ` Check that: ${checks.join("; ")}.`;
  if (own !== undefined) return `${own}${check}`;
  if (status === "awaiting_approval") return "Look at what goes ahead with it (longhaul approvals), then approve or reject it.";
  if (hold?.name.startsWith("budget:"))
    return `Allow it more: longhaul budget ${execution_id} --usd N. Or end it: longhaul cancel ${execution_id}.`;
  if (hold === null) return `Do it, then say that it is done: longhaul done ID, or POST /api/actions/ID/complete.${check}`;
  return `See what happened (longhaul logs ${execution_id} ${spec.id}), put it right if needed, then let it go on: longhaul done ID. It is given up with --outcome failed.${check}`;
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

function minutesOf(estimate: Estimate | undefined): Action["minutes"] {
  if (estimate === undefined || estimate.unit === "unknown") return null;
  const least = estimate.min ?? estimate.likely ?? estimate.max;
  const most = estimate.max ?? estimate.likely ?? estimate.min;
  return least === undefined || most === undefined ? null : { least, most };
}
