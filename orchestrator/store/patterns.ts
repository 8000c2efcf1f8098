/** Patterns, their words and vectors, and which task was told of which. */
import type { NewPattern, StoredPattern } from "../../learning/pattern.ts";
import type { AskedTerm } from "../../learning/words.ts";
import { type CompactTask, expandTask } from "../../plan/compact.ts";
import type { Task } from "../../plan/model.ts";
import type { Evidence } from "../api/contract.ts";
import type { Database } from "./db.ts";

/** Events that say what a task did; the others only say that it went on. */
const tellingEvents = [
  "task.started",
  "task.output",
  "task.completed",
  "task.failed",
  "task.retrying",
  "task.cancelled",
  "task.skipped",
  "agent.tool",
  "agent.tool_result",
];

export type LogRow = { seq: number; type: string; task_id: string | null; attempt: number | null; data: Record<string, unknown> };
export type EndedTaskRow = {
  task_id: string;
  kind: string;
  status: string;
  attempt: number;
  started_at: Date | null;
  finished_at: Date | null;
  spec: Task;
  result: { exitCode?: number | null; evidence?: Evidence[]; usage?: { costUsd?: number } | null } | null;
  conversation_id: string;
  workspace: string;
};
/**
 * `score` orders; `similarity`, 0–1, says how much of the question was found, and `mass` how much that is: 1 is a word that nothing else
 * has.
 */
export type WordsHit = { id: string; score: number; similarity: number; mass: number };
/** A pattern that an index does not have yet. */
export type Unindexed = StoredPattern & { content: string; terms: { term: string; frequency: number; words: number }[] };
/** One task that was, or would have been, told of others, and what became of it. */
export type ToldRow = {
  shown: boolean;
  estimated_seconds: number | null;
  outcome: string | null;
  seconds: number | null;
  cost_usd: number | null;
};

export function createPatternStore(database: Database) {
  return {
    /** Executions whose log went on since it was last read. */
    async unlearned(limit: number): Promise<{ executionId: string; seq: number }[]> {
      const rows = await database.query<{ execution_id: string; seq: string }>({
        name: "unlearned",
        text: "select * from unlearned_executions($1)",
        values: [limit],
      });
      return rows.map((row) => ({ executionId: row.execution_id, seq: Number(row.seq) }));
    },
    /** How far a log was read. */
    async progress(executionId: string): Promise<number> {
      const rows = await database.query<{ seq: string }>({
        name: "read_progress",
        text: "select seq from learning_progress where execution_id = $1",
        values: [executionId],
      });
      return Number(rows[0]?.seq ?? 0);
    },
    /** The telling part of a log after `seq`, and how far it was looked through. */
    async log(executionId: string, seq: number, limit: number): Promise<{ rows: LogRow[]; seq: number; more: boolean }> {
      const found = await database.query<Omit<LogRow, "seq"> & { seq: string }>({
        name: "telling_log",
        text: `select seq, type, task_id, attempt, case when type = any ($4) then data else '{}' end as data
               from execution_events where execution_id = $1 and seq > $2 order by seq limit $3`,
        values: [executionId, seq, limit, tellingEvents],
      });
      const rows = found.map((row) => ({ ...row, seq: Number(row.seq) }));
      return {
        rows: rows.filter(({ type }) => tellingEvents.includes(type)),
        seq: rows.at(-1)?.seq ?? seq,
        more: rows.length === limit,
      };
    },
    async tasks(executionId: string, taskIds: string[]): Promise<EndedTaskRow[]> {
      const rows = await database.query<Omit<EndedTaskRow, "spec"> & { spec: CompactTask }>({
        name: "ended_tasks",
        text: `select t.task_id, t.kind, t.status, t.attempt, t.started_at, t.finished_at, p.spec, t.result, e.conversation_id, e.workspace
               from execution_tasks t join executions e on e.id = t.execution_id
               join plan_tasks p on p.plan_id = e.plan_id and p.ordinal = t.ordinal
               where t.execution_id = $1 and t.task_id = any ($2)`,
        values: [executionId, taskIds],
      });
      return rows.map((row) => ({ ...row, spec: expandTask(row.spec) }));
    },
    /** Writes patterns and how far the log was read, together. Known ones are left alone. Returns the numbers of the new ones. */
    async learn(executionId: string, seq: number, patterns: NewPattern[]): Promise<number[]> {
      const [rows = []] = await database.atomically([
        {
          name: "learn",
          text: `select learn($1, x."taskId", x.attempt, x.project, x."taskType", x.outcome, x."finishedAt", x.payload, x.words, x.content) as number
                 from jsonb_to_recordset($2) x ("taskId" text, attempt integer, project text, "taskType" text, outcome text,
                   "finishedAt" timestamptz, payload jsonb, words jsonb, content text)`,
          values: [executionId, JSON.stringify(patterns)],
        },
        {
          name: "learning_progress",
          text: `insert into learning_progress (execution_id, seq) values ($1, $2)
                 on conflict (execution_id) do update set seq = greatest(learning_progress.seq, excluded.seq)`,
          values: [executionId, seq],
        },
      ]);
      return (rows as { number: number | null }[]).flatMap(({ number }) => (number === null ? [] : [number]));
    },
    /** Patterns that an index does not have, newest first. */
    async unindexed(index: string, limit: number): Promise<Unindexed[]> {
      const rows = await database.query<Row & { content: string; terms: Unindexed["terms"] | null }>({
        name: "unindexed",
        text: `select p.number, p.id, p.project, p.outcome, p.finished_at, p.payload, p.content,
                 (select json_agg(json_build_object('term', t.term, 'frequency', t.frequency, 'words', t.words)) from pattern_terms t
                  where t.pattern = p.number) as terms
               from patterns p where not exists (select from pattern_indexed i where i.index_name = $1 and i.pattern = p.number)
               order by p.number desc limit $2`,
        values: [index, limit],
      });
      return rows.map(({ content, terms, ...row }) => ({ ...stored(row), content, terms: terms ?? [] }));
    },
    async markIndexed(index: string, numbers: number[]): Promise<void> {
      await database.query({
        name: "mark_indexed",
        text: `insert into pattern_indexed (index_name, pattern)
               select $1, p.number from patterns p where p.number = any ($2) on conflict do nothing`,
        values: [index, numbers],
      });
    },
    /** Vectors of one embedding model; they count as indexed from then on. */
    async saveVectors(model: string, vectors: { number: number; vector: Buffer; signature: string }[]): Promise<void> {
      await database.query({
        name: "save_vectors",
        text: `insert into pattern_vectors (model, pattern, vector, signature)
               select $1, x.number, x.vector, x.signature::varbit from unnest($2::integer[], $3::bytea[], $4::text[]) x (number, vector, signature)
               join patterns p on p.number = x.number on conflict do nothing`,
        values: [model, vectors.map((it) => it.number), vectors.map((it) => it.vector), vectors.map((it) => it.signature)],
      });
    },
    /** Best first. @param among looks only at these patterns */
    async byWords(asked: readonly AskedTerm[], limit: number, among?: readonly string[]): Promise<WordsHit[]> {
      return await database.query<WordsHit>({
        name: "search_patterns",
        text: `select p.id, s.score, s.similarity, s.mass from search_patterns($1, $2, $3) s join patterns p on p.number = s.pattern
               order by s.score desc, p.number desc`,
        values: [JSON.stringify(asked), limit, among ?? null],
      });
    },
    /** The vectors whose signs agree most with the signature; the caller compares them exactly. */
    bySignature: (model: string, signature: string, limit: number) =>
      database.query<{ id: string; vector: Buffer }>({
        name: "by_signature",
        text: `select p.id, v.vector from (select pattern, vector from pattern_vectors where model = $1
                 order by bit_count(signature # $2::varbit) limit $3) v join patterns p on p.number = v.pattern`,
        values: [model, signature, limit],
      }),
    /** What is asked for with its rarity. */
    queryTerms: (asked: readonly AskedTerm[]) =>
      database.query<{ term: string; weight: number }>({
        name: "query_terms",
        text: "select term, sum(weight) as weight from asked_terms($1) where known group by term",
        values: [JSON.stringify(asked)],
      }),
    async load(ids: string[]): Promise<StoredPattern[]> {
      const rows = await database.query<Row>({
        name: "load_patterns",
        text: "select number, id, project, outcome, finished_at, payload from patterns where id = any ($1)",
        values: [ids],
      });
      return rows.map(stored);
    },
    /** Remembers what a task was told of, once: a second attempt belongs to the same group. Returns which group that is. */
    async told(entry: {
      executionId: string;
      taskId: string;
      shown: boolean;
      patterns: string[];
      estimatedSeconds: number | null;
    }): Promise<boolean> {
      const rows = await database.query<{ shown: boolean }>({
        name: "told",
        text: `insert into recommendations as r (execution_id, task_id, shown, patterns, estimated_seconds) values ($1, $2, $3, $4, $5)
               on conflict (execution_id, task_id) do update set shown = r.shown returning shown`,
        values: [entry.executionId, entry.taskId, entry.shown, entry.patterns, entry.estimatedSeconds],
      });
      return rows[0]?.shown ?? entry.shown;
    },
    /** Every told task that has ended, newest first. */
    toldTasks: (limit: number) =>
      database.query<ToldRow>({
        name: "told_tasks",
        text: `select r.shown, r.estimated_seconds, p.outcome, (p.payload ->> 'duration_seconds')::double precision as seconds,
                 (p.payload ->> 'cost_usd')::double precision as cost_usd
               from recommendations r join patterns p on p.execution_id = r.execution_id and p.task_id = r.task_id
               order by r.created_at desc limit $1`,
        values: [limit],
      }),
    async counts(): Promise<{ patterns: number; outcomes: Record<string, number> }> {
      const rows = await database.query<{ outcome: string; count: number }>({
        name: "pattern_outcomes",
        text: "select outcome, count(*)::integer as count from patterns group by outcome",
        values: [],
      });
      return {
        patterns: rows.reduce((sum, row) => sum + row.count, 0),
        outcomes: Object.fromEntries(rows.map((row) => [row.outcome, row.count])),
      };
    },
  };
}

type Row = Omit<StoredPattern, "finishedAt"> & { finished_at: Date };
const stored = ({ finished_at, ...row }: Row): StoredPattern => ({ ...row, finishedAt: finished_at });

export type PatternStore = ReturnType<typeof createPatternStore>;
