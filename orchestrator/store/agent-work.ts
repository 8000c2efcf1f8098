/** Work of remote agents: offered, taken, reported. Each call is one transaction over many rows; all can be repeated after an answer was lost. */
import type { AgentWork, Halt, WorkResult } from "../api/agent-work-contract.ts";
import type { AttemptEvent } from "../executors/executor.ts";
import type { Database } from "./db.ts";
import type { AttemptKey } from "./engine.ts";

export type Offer = AttemptKey & {
  capabilities: readonly string[];
  work: AgentWork;
  /** Who had the attempt before and lost it. */
  avoid: string | undefined;
  /** Who waits for it now. */
  agentId: string | undefined;
};
/** `given`: by this very call. Undefined as status: no agent that shows signs of life can do it, so there is no offer. */
export type Offered = { status: WorkStatus | undefined; given: boolean };
export type WorkStatus = "offered" | "taken" | "reported" | "silent" | "withdrawn" | "closed";
export type WorkState = {
  status: WorkStatus;
  agentId: string | undefined;
  agentName: string | undefined;
  takenMs: number | undefined;
  reason: string | undefined;
  result: WorkResult | undefined;
};
/** What agents that wait could have, or must be told. */
export type OpenWork = AttemptKey & {
  status: "offered" | "taken" | "withdrawn";
  capabilities: string[];
  agentId: string | undefined;
  avoid: string | undefined;
  taskId: string;
  reason: string | undefined;
  /** Of what was given; of offers it comes with the taking. */
  work: AgentWork | undefined;
};
export type Report = {
  agentId: string;
  executionId: string;
  taskId: string;
  attempt: number;
  reportId: string;
  digest: string;
  events: AttemptEvent[];
  /** Of what it adds to the log and to the disk. */
  bytes: number;
  artifacts: { id: string; name: string; mediaType: string; bytes: number; digest: string; location: string }[];
  result: WorkResult | undefined;
};
export type Reported = {
  /** `broken`: PostgreSQL would not have it. */
  outcome: "recorded" | "repeated" | "reused" | "stale" | "unknown" | "full" | "broken";
  recorded: number;
  lastSeq: number;
  /** Place of the task in its plan; only of what was recorded or is stale. */
  ordinal: number | null;
};
/** `work` undefined: all of it. */
export type SignOfLife = { agentId: string; work: { executionId: string; taskId: string; attempt: number }[] | undefined };

const keys = (list: readonly AttemptKey[]) => [
  list.map((one) => one.executionId),
  list.map((one) => one.ordinal),
  list.map((one) => one.attempt),
];

/** What one attempt may add to the log and to the disk. */
export const mostBytes = 256 * 1024 ** 2;
/** Offers looked at together; further ones are looked at when these are gone. */
const mostOpen = 5_000;

/** @param node who calls @param silentSeconds how long an agent may give no sign of life */
export function createAgentWorkStore(database: Database, node: string, silentSeconds: number) {
  return {
    /** How each offer stands afterwards, in order. */
    async offer(offers: readonly Offer[]): Promise<Offered[]> {
      const rows = await database.query<{ entry: number; status: WorkStatus | null; given: boolean }>({
        name: "offer_agent_work",
        text: "select * from offer_agent_work($1, $2::uuid[], $3::integer[], $4::integer[], $5::jsonb[], $6::jsonb[], $7::uuid[], $8::uuid[], $9)",
        values: [
          node,
          ...keys(offers),
          offers.map((offer) => JSON.stringify(offer.capabilities)),
          offers.map((offer) => JSON.stringify(offer.work)),
          offers.map((offer) => offer.avoid ?? null),
          offers.map((offer) => offer.agentId ?? null),
          silentSeconds,
        ],
      });
      const found = new Map(rows.map((row) => [row.entry, row]));
      return offers.map((_, index) => {
        const row = found.get(index + 1);
        return { status: row?.status ?? undefined, given: row?.given ?? false };
      });
    },
    /** What each gets; undefined where somebody else had it first. */
    async take(matches: readonly (AttemptKey & { agentId: string })[]): Promise<(AgentWork | undefined)[]> {
      const rows = await database.query<{ entry: number; work: AgentWork }>({
        name: "take_agent_work",
        text: "select * from take_agent_work($1::uuid[], $2::integer[], $3::integer[], $4::uuid[], $5)",
        values: [...keys(matches), matches.map((match) => match.agentId), silentSeconds],
      });
      const taken = new Map(rows.map((row) => [row.entry, row.work]));
      return matches.map((_, index) => taken.get(index + 1));
    },
    async state(key: AttemptKey): Promise<WorkState | undefined> {
      const [row] = await database.query<{
        status: WorkStatus;
        agent_id: string | null;
        name: string | null;
        taken_at: Date | null;
        reason: string | null;
        result: WorkResult | null;
      }>({
        name: "agent_work_state",
        text: `select w.status, w.agent_id, a.name, w.taken_at, w.reason, w.result from agent_work w left join agents a on a.id = w.agent_id
               where w.execution_id = $1 and w.ordinal = $2 and w.attempt = $3`,
        values: [key.executionId, key.ordinal, key.attempt],
      });
      if (row === undefined) return undefined;
      return {
        status: row.status,
        agentId: row.agent_id ?? undefined,
        agentName: row.name ?? undefined,
        takenMs: row.taken_at?.getTime(),
        reason: row.reason ?? undefined,
        result: row.result ?? undefined,
      };
    },
    /** What is offered, what was given to an agent that has not said anything about it, and what agents must halt. */
    async open(): Promise<OpenWork[]> {
      const rows = await database.query<{
        execution_id: string;
        ordinal: number;
        attempt: number;
        status: OpenWork["status"];
        capabilities: string[];
        agent_id: string | null;
        avoid: string | null;
        task_id: string;
        reason: string | null;
        work: AgentWork | null;
      }>({
        name: "open_agent_work",
        text: `(select w.execution_id, w.ordinal, w.attempt, w.status, w.capabilities, w.agent_id, w.avoid, t.task_id, w.reason, null::jsonb as work
                from agent_work w join executions e on e.id = w.execution_id
                join execution_tasks t on t.execution_id = w.execution_id and t.ordinal = w.ordinal and t.attempt = w.attempt
                  and t.status in ('in_progress', 'verifying')
                where w.status = 'offered' and e.status <> 'paused' order by e.priority desc, t.priority desc, w.offered_at limit $1)
               union all
               (select w.execution_id, w.ordinal, w.attempt, w.status, w.capabilities, w.agent_id, w.avoid, t.task_id, w.reason, w.work
                from agent_work w join execution_tasks t on t.execution_id = w.execution_id and t.ordinal = w.ordinal
                where w.status = 'withdrawn' or (w.status = 'taken' and not w.acknowledged) limit $1)`,
        values: [mostOpen],
      });
      return rows.map(({ execution_id, agent_id, task_id, avoid, reason, work, ...row }) => ({
        ...row,
        executionId: execution_id,
        agentId: agent_id ?? undefined,
        taskId: task_id,
        avoid: avoid ?? undefined,
        reason: reason ?? undefined,
        work: work ?? undefined,
      }));
    },
    /** Ordinal of the task, when this agent has this attempt at it, and so many bytes may still be added. */
    async placeOf(
      about: { agentId: string; executionId: string; taskId: string; attempt: number },
      bytes: number,
    ): Promise<number | undefined> {
      const [row] = await database.query<{ ordinal: number }>({
        name: "place_of_agent_work",
        text: `select w.ordinal from executions e join plan_tasks p on p.plan_id = e.plan_id and p.task_id = $3
               join agent_work w on w.execution_id = e.id and w.ordinal = p.ordinal and w.attempt = $4 and w.agent_id = $1
               join execution_tasks t on t.execution_id = e.id and t.ordinal = w.ordinal
               where e.id = $2 and w.status = 'taken' and t.output_offset + $5 <= $6`,
        values: [about.agentId, about.executionId, about.taskId, about.attempt, bytes, mostBytes],
      });
      return row?.ordinal;
    },
    /** The agent that the last attempt was taken from, and why the last one that failed did. */
    async former(key: AttemptKey): Promise<{ agentId: string | undefined; failure: string | undefined }> {
      const [row] = await database.query<{ agent_id: string | null; failure: string | null }>({
        name: "former_attempts",
        text: "select * from former_attempts($1, $2)",
        values: [key.executionId, key.ordinal],
      });
      return { agentId: row?.agent_id ?? undefined, failure: row?.failure ?? undefined };
    },
    /** Returns the agent that had it, if one had. */
    async withdraw(key: AttemptKey, reason: string): Promise<string | undefined> {
      const [row] = await database.query<{ agent: string | null }>({
        name: "withdraw_agent_work",
        text: "select withdraw_agent_work($1, $2, $3, $4) as agent",
        values: [key.executionId, key.ordinal, key.attempt, reason],
      });
      return row?.agent ?? undefined;
    },
    async report(reports: readonly Report[]): Promise<Reported[]> {
      const events = reports.flatMap((report, index) => report.events.map((event) => ({ ...event, entry: index + 1 })));
      const rows = await database.query<{
        entry: number;
        outcome: Reported["outcome"];
        recorded: number;
        last_seq: string;
        ordinal: number | null;
      }>({
        name: "report_agent_work",
        text: `select * from report_agent_work($1, $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::jsonb[],
                 $9::jsonb[], $10::integer[], $11, $12, $13::integer[], $14::integer[], $15::text[], $16::jsonb[])`,
        values: [
          node,
          reports.map((report) => report.agentId),
          reports.map((report) => report.executionId),
          reports.map((report) => report.taskId),
          reports.map((report) => report.attempt),
          reports.map((report) => report.reportId),
          reports.map((report) => report.digest),
          reports.map((report) => (report.result === undefined ? null : JSON.stringify(report.result))),
          reports.map((report) => JSON.stringify(report.artifacts)),
          reports.map((report) => report.bytes),
          mostBytes,
          silentSeconds,
          reports.map((report) => report.events.length),
          events.map((event) => event.entry),
          events.map((event) => event.type),
          events.map((event) => JSON.stringify(event.data)),
        ],
      });
      return rows.map(({ outcome, recorded, last_seq, ordinal }) => ({ outcome, recorded, lastSeq: Number(last_seq), ordinal }));
    },
    /** Extends leases; returns for each what it must stop. */
    async hear(signs: readonly SignOfLife[]): Promise<Halt[][]> {
      const listed = signs.flatMap(({ work = [] }, index) => work.map((one) => ({ ...one, of: index + 1 })));
      const rows = await database.query<{
        agent_id: string;
        execution_id: string;
        task_id: string;
        attempt: number;
        reason: string;
      }>({
        name: "hear_agents",
        text: "select * from hear_agents($1::uuid[], $2::boolean[], $3, $4::integer[], $5::uuid[], $6::text[], $7::integer[])",
        values: [
          signs.map((sign) => sign.agentId),
          signs.map((sign) => sign.work === undefined),
          silentSeconds,
          listed.map((one) => one.of),
          listed.map((one) => one.executionId),
          listed.map((one) => one.taskId),
          listed.map((one) => one.attempt),
        ],
      });
      return signs.map(({ agentId }) =>
        rows
          .filter((row) => row.agent_id === agentId)
          .map(({ execution_id, task_id, attempt, reason }) => ({ executionId: execution_id, taskId: task_id, attempt, reason })),
      );
    },
    async see(agentIds: readonly string[]): Promise<void> {
      await database.query({ name: "see_agents", text: "select see_agents($1::uuid[])", values: [agentIds] });
    },
    /** Starts everybody's time anew, unless another node has listened meanwhile. */
    async pardon(): Promise<void> {
      await database.query({ name: "pardon_agents", text: "select pardon_agents($1, $2)", values: [node, silentSeconds] });
    },
    /** Executions whose agents fell silent. */
    async expire(): Promise<string[]> {
      const rows = await database.query<{ expire_agent_work: string }>({
        name: "expire_agent_work",
        text: "select expire_agent_work($1)",
        values: [silentSeconds],
      });
      return rows.map((row) => row.expire_agent_work);
    },
    /** Lets tasks go on that waited for an agent which is there by now. */
    async release(): Promise<void> {
      await database.query({ name: "release_agent_holds", text: "select release_agent_holds()", values: [] });
    },
    /** @throws LonghaulError not_found; conflict when no agent has the task */
    async reassign(executionId: string, taskId: string): Promise<void> {
      await database.query({
        name: "reassign_agent_work",
        text: "select reassign_agent_work($1, $2)",
        values: [executionId, taskId],
      });
    },
    /** What an agent is working on. */
    async workOf(agentId: string) {
      const rows = await database.query<{
        execution_id: string;
        task_id: string;
        attempt: number;
        title: string;
        taken_at: Date;
        lease_until: Date;
      }>({
        name: "work_of_agent",
        text: `select w.execution_id, t.task_id, w.attempt, p.spec ->> 'title' as title, w.taken_at, w.lease_until
               from agent_work w join executions e on e.id = w.execution_id
               join execution_tasks t on t.execution_id = w.execution_id and t.ordinal = w.ordinal
               join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = w.ordinal
               where w.agent_id = $1 and w.status = 'taken' order by w.taken_at`,
        values: [agentId],
      });
      return rows.map((row) => ({
        executionId: row.execution_id,
        taskId: row.task_id,
        attempt: row.attempt,
        title: row.title,
        takenAt: row.taken_at.toISOString(),
        leaseUntil: row.lease_until.toISOString(),
      }));
    },
    /** Repeats of reports this old are no longer recognised. */
    async prune(days: number): Promise<void> {
      await database.query({ name: "prune_agent_work", text: "select prune_agent_work($1)", values: [days] });
    },
  };
}

export type AgentWorkStore = ReturnType<typeof createAgentWorkStore>;
