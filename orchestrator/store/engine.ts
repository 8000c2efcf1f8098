/** The engine's SQL functions as typed calls. Each is one transaction; all can be repeated after an answer was lost. */
import { type CompactTask, expandTask } from "../../plan/compact.ts";
import type { Task } from "../../plan/model.ts";
import type { AttemptEvent, Hold } from "../executors/executor.ts";
import type { Database, Statement } from "./db.ts";

export type AttemptKey = { executionId: string; ordinal: number; attempt: number };
export type ClaimedTask = AttemptKey & { planId: string; failures: number; task: Task };

/** How an attempt ended, as `finish` takes it; `retry` is subject to the task's remaining attempts, which the database counts. */
export type Ending = AttemptKey & {
  outcome: "succeeded" | "failed" | "retry" | "release" | "hold";
  detail: {
    message: string;
    failureClass?: string;
    burns?: boolean;
    delayMs?: number;
    /** With outcome `hold`. */
    hold?: Hold;
    result?: Record<string, unknown>;
    costUsd?: number;
    tokens?: number;
    /** Kept with the attempt, see `governor/fingerprint.ts`. */
    fingerprint?: string;
  };
};
/** `status` is the task's state after the report, null when the report was refused because its attempt was superseded. */
export type EndedTask = AttemptKey & { accepted: boolean; status: string | null };

export type OutputEntry = AttemptKey & { fromOffset: number; toOffset: number; events: AttemptEvent[] };

/** A task as it is inserted; its place in the list is its ordinal. */
export type NewTask = {
  taskId: string;
  /** Only leaves are run; the others group them. */
  leaf: boolean;
  /** Ordinal of the task it is a part of. */
  parent: number | null;
  kind: string;
  priority: number;
  readyStatus: "queued" | "awaiting_human" | "awaiting_approval";
  maxAttempts: number;
  skipCause: "deferred" | "already_done" | "optional" | null;
  spec: CompactTask;
};
export type Submission = {
  execution: object;
  plan: object;
  tasks: NewTask[];
  dependencies: { dependency: number; dependent: number }[];
};

/** Free places of this node: in all, and by kind of task. Those of kind agent run elsewhere and do not count to `total`. */
export type Slots = { total: number; perKind: Map<string, number> };

type KeyRow = { execution_id: string; ordinal: number; attempt: number };
type ClaimRow = KeyRow & { plan_id: string; failures: number; spec: CompactTask };

/** One text per attempt, for maps. */
export const keyText = (key: AttemptKey): string => `${key.executionId}/${key.ordinal}/${key.attempt}`;
const key = (row: KeyRow): AttemptKey => ({ executionId: row.execution_id, ordinal: row.ordinal, attempt: row.attempt });
const claimed = (row: ClaimRow): ClaimedTask => ({
  ...key(row),
  planId: row.plan_id,
  failures: row.failures,
  task: expandTask(row.spec),
});
const columns = (keys: AttemptKey[]) => [keys.map((k) => k.executionId), keys.map((k) => k.ordinal), keys.map((k) => k.attempt)];

/** @param node the id of this node; @param leaseSeconds how long its attempts stay its own without a heartbeat */
export function createEngine(database: Database, node: string, leaseSeconds: number) {
  let incarnation = 0;

  const claimStatement = (slots: Slots): Statement => ({
    name: "claim",
    text: "select * from claim($1, $2, $3, $4::text[], $5::integer[])",
    values: [node, incarnation, slots.total, [...slots.perKind.keys()], [...slots.perKind.values()]],
  });
  const finishStatement = (endings: Ending[]): Statement => ({
    name: "finish",
    text: "select * from finish($1, $2::uuid[], $3::integer[], $4::integer[], $5::text[], $6::jsonb[])",
    values: [node, ...columns(endings), endings.map((e) => e.outcome), endings.map((e) => JSON.stringify(e.detail))],
  });
  const call = async <Value>(name: string, values: unknown[]): Promise<Value> => {
    const places = values.map((_, index) => `$${index + 1}`).join(", ");
    const rows = await database.query<{ value: Value }>({ name, text: `select ${name}(${places}) as value`, values });
    return (rows[0] as { value: Value }).value;
  };

  return {
    node,
    leaseSeconds,
    async register(version: string, places: readonly string[] = []): Promise<void> {
      incarnation = Number(await call<string>("register_node", [node, version, leaseSeconds, places]));
    },
    async submit(submission: Submission): Promise<{ executionId: string; status: string; created: boolean }> {
      const { execution, plan, tasks, dependencies } = submission;
      const rows = await database.query<{ execution_id: string; status: string; created: boolean }>({
        name: "submit",
        text: `select * from submit($1::jsonb, $2::jsonb, $3::text[], $4::boolean[], $5::integer[], $6::text[], $7::smallint[], $8::text[],
                 $9::integer[], $10::text[], $11::jsonb[], $12::integer[], $13::integer[])`,
        values: [
          JSON.stringify(execution),
          JSON.stringify(plan),
          tasks.map((task) => task.taskId),
          tasks.map((task) => task.leaf),
          tasks.map((task) => task.parent),
          tasks.map((task) => task.kind),
          tasks.map((task) => task.priority),
          tasks.map((task) => task.readyStatus),
          tasks.map((task) => task.maxAttempts),
          tasks.map((task) => task.skipCause),
          tasks.map((task) => JSON.stringify(task.spec)),
          dependencies.map((edge) => edge.dependency),
          dependencies.map((edge) => edge.dependent),
        ],
      });
      const row = rows[0] as { execution_id: string; status: string; created: boolean };
      return { executionId: row.execution_id, status: row.status, created: row.created };
    },
    /** Reports endings and claims new work in one transaction and one round trip. */
    async step(endings: Ending[], slots: Slots): Promise<{ ended: EndedTask[]; claimed: ClaimedTask[] }> {
      const claims = slots.total > 0 || (slots.perKind.get("agent") ?? 0) > 0;
      const statements = [...(endings.length > 0 ? [finishStatement(endings)] : []), ...(claims ? [claimStatement(slots)] : [])];
      if (statements.length === 0) return { ended: [], claimed: [] };
      const results =
        statements.length === 1 ? [await database.query(statements[0] as Statement)] : await database.atomically(statements);
      const endRows = (endings.length > 0 ? results[0] : []) as (KeyRow & { status: string })[];
      const statuses = new Map(endRows.map((row) => [keyText(key(row)), row.status]));
      const claimRows = (claims ? results.at(-1) : []) as ClaimRow[];
      return {
        ended: endings.map(({ executionId, ordinal, attempt }) => {
          const status = statuses.get(keyText({ executionId, ordinal, attempt })) ?? null;
          return { executionId, ordinal, attempt, accepted: status !== null, status };
        }),
        claimed: claimRows.map(claimed),
      };
    },
    /** Extends the lease; returns the attempts that must be killed because they are no longer this node's. */
    async heartbeat(attempts: AttemptKey[]): Promise<AttemptKey[]> {
      const rows = await database.query<KeyRow>({
        name: "heartbeat",
        text: "select * from heartbeat($1, $2, $3, $4::uuid[], $5::integer[], $6::integer[])",
        values: [node, incarnation, leaseSeconds, ...columns(attempts)],
      });
      return rows.map(key);
    },
    setSleeping: (sleeping: boolean) => call<null>("set_sleeping", [node, sleeping]),
    startVerifying: (k: AttemptKey) => call<boolean>("start_verifying", [k.executionId, k.ordinal, k.attempt]),
    /** Returns for each entry whether it is recorded; an entry of a superseded attempt is not. */
    async recordOutput(entries: OutputEntry[]): Promise<boolean[]> {
      const events = entries.flatMap((entry, index) => entry.events.map((event) => ({ ...event, entry: index + 1 })));
      const rows = await database.query<{ record_output: number }>({
        name: "record_output",
        text: "select record_output($1::uuid[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[], $6::integer[], $7::text[], $8::jsonb[])",
        values: [
          ...columns(entries),
          entries.map((e) => e.fromOffset),
          entries.map((e) => e.toOffset),
          events.map((e) => e.entry),
          events.map((e) => e.type),
          events.map((e) => JSON.stringify(e.data)),
        ],
      });
      const taken = new Set(rows.map((row) => row.record_output));
      return entries.map((_, index) => taken.has(index + 1));
    },
    /** Queues the retries that are due; returns when the next one is, in epoch milliseconds. */
    async promote(): Promise<{ promoted: number; nextDueMs: number | undefined }> {
      const [row] = await database.query<{ promoted: number; next_due: Date | null }>({
        name: "promote",
        text: "select * from promote()",
        values: [],
      });
      return { promoted: row?.promoted ?? 0, nextDueMs: row?.next_due?.getTime() };
    },
    /** Attempts of nodes whose lease ran out. */
    async expired(): Promise<ClaimedTask[]> {
      const rows = await database.query<ClaimRow>({ name: "expired", text: "select * from expired_attempts()", values: [] });
      return rows.map(claimed);
    },
    /** Takes over attempts that remote agents are working on for nodes that have died. Returns how many. */
    adoptAgentAttempts: () => call<number>("adopt_agent_attempts", [node, incarnation]),
    /** Everything that the database says this node is running, e.g. what an earlier process of it left behind. */
    async ownAttempts(): Promise<(ClaimedTask & { recordedOffset: number })[]> {
      const rows = await database.query<ClaimRow & { output_offset: string }>({
        name: "own_attempts",
        text: `select t.execution_id, e.plan_id, t.ordinal, t.attempt, t.failures, t.output_offset, p.spec from executions e
               join execution_tasks t on t.execution_id = e.id join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal
               where e.status in ('running', 'paused', 'blocked') and e.running > 0 and t.node_id = $1`,
        values: [node],
      });
      return rows.map((row) => ({ ...claimed(row), recordedOffset: Number(row.output_offset) }));
    },
    pause: (executionId: string, reason: string | undefined) => call<boolean>("pause", [executionId, reason ?? null]),
    resume: (executionId: string) => call<boolean>("resume", [executionId]),
    cancel: (executionId: string, reason: string | undefined) => call<boolean>("cancel", [executionId, reason ?? null]),
    /** @param downstream also what already ran: the task and everything that hangs on it */
    retry: (executionId: string, taskId: string | undefined, downstream = false) =>
      call<string[]>("retry", [executionId, taskId ?? null, downstream]),
    skip: (executionId: string, taskId: string) => call<boolean>("skip", [executionId, taskId]),
    /** @param minutes that a person worked on it */
    completeWaiting: (executionId: string, ordinal: number, outcome: string, note?: string, minutes?: number) =>
      call<boolean>("complete_waiting", [executionId, ordinal, outcome, note ?? null, minutes ?? null]),
  };
}

export type Engine = ReturnType<typeof createEngine>;
