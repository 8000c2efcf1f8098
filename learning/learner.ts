/**
 * Follows the logs of executions and writes a pattern for every task that ended; then brings the patterns to the index.
 *
 * It reads behind the work and never in its way: woken when tasks of this node end, and now and then for what other nodes or an earlier
 * process left. Failure story. Database away: tried again at the next tick. Index or embedding service away: the patterns are in the
 * database and wait there. Killed: the log is read again from where the last pattern was written; a pattern that exists is not written
 * twice. Two nodes that read the same log write the same patterns.
 */
import type { LogRow, PatternStore } from "../orchestrator/store/patterns.ts";
import { projectOf } from "./advice.ts";
import type { Embedder } from "./embed.ts";
import { extract, type LogEntry } from "./extract.ts";
import { judge } from "./judge.ts";
import { contentOf, type NewPattern, wordsOf } from "./pattern.ts";
import type { PatternIndex } from "./pattern-index.ts";
import { withoutSecrets } from "./secrets.ts";

export type LearnerOptions = {
  store: PatternStore;
  index: PatternIndex;
  embedder: Embedder | undefined;
  redact(text: string): string;
  onError(error: unknown, doing: string): void;
  onLearned?(patterns: number): void;
};

type Follow = { seq: number; open: Map<string, { firstSeq: number; entries: LogEntry[]; bytes: number }> };

const catchUpMs = 15_000;
const executionsAtOnce = 50;
const pageOfEvents = 2_000;
const batchOfPatterns = 64;
/** Of one task. Its beginning and its end tell most; a chatty middle is left out. */
const mostBytes = 512 * 1024;
const endings = new Set(["task.completed", "task.failed"]);
const withoutPattern = new Set(["noop", "human", "wait"]);

export class Learner {
  readonly #options: LearnerOptions;
  readonly #following = new Map<string, Follow>();
  readonly #asked = new Set<string>();
  #catchUp = true;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: LearnerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#catchUp = true;
      this.#run();
    }, catchUpMs);
    this.#run();
  }

  /** Says that tasks of these executions have ended. */
  wake(executionIds: Iterable<string>): void {
    for (const id of executionIds) this.#asked.add(id);
    this.#run();
  }

  /** Resolves when nothing that it was woken for is left to be done. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    await this.idle();
  }

  #run(): void {
    if (this.#running !== undefined || this.#stopping) return;
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
      if (this.#asked.size > 0) this.#run();
    });
  }

  async #work(): Promise<void> {
    const { store, onError } = this.#options;
    try {
      if (this.#catchUp) {
        this.#catchUp = false;
        for (const { executionId } of await store.unlearned(executionsAtOnce)) this.#asked.add(executionId);
      }
      for (const executionId of this.#asked) {
        if (this.#stopping) return;
        this.#asked.delete(executionId);
        await this.#read(executionId);
      }
    } catch (error) {
      onError(error, "learning from ended tasks");
    }
    try {
      await this.#fillIndex();
    } catch (error) {
      onError(error, "bringing patterns to the index");
    }
  }

  async #read(executionId: string): Promise<void> {
    const { store } = this.#options;
    const follow = this.#following.get(executionId) ?? { seq: await store.progress(executionId), open: new Map() };
    this.#following.set(executionId, follow);
    for (let more = true; more && !this.#stopping; ) {
      const page = await store.log(executionId, follow.seq, pageOfEvents);
      const ended = take(follow, page.rows);
      const patterns = await this.#patternsOf(executionId, ended);
      const openFrom = Math.min(...[...follow.open.values()].map(({ firstSeq }) => firstSeq - 1));
      follow.seq = page.seq;
      const learned = await store.learn(executionId, Math.min(openFrom, page.seq), patterns);
      if (learned.length > 0) this.#options.onLearned?.(learned.length);
      more = page.more;
    }
    if (follow.open.size === 0) this.#following.delete(executionId);
  }

  async #patternsOf(executionId: string, ended: Map<string, LogEntry[]>): Promise<NewPattern[]> {
    if (ended.size === 0) return [];
    const rows = await this.#options.store.tasks(executionId, [...ended.keys()]);
    return rows.flatMap((row): NewPattern[] => {
      if (withoutPattern.has(row.kind) || row.attempt === 0 || (row.status !== "completed" && row.status !== "failed")) return [];
      const redact = (text: string) => withoutSecrets(text, this.#options.redact);
      const finishedAt = row.finished_at ?? new Date();
      const observed = extract(row.spec, ended.get(row.task_id) ?? [], row.workspace, redact);
      const { outcome, evidence } = judge(row);
      const title = redact(row.spec.title);
      const content = contentOf(title, redact(row.spec.description), observed);
      return [
        {
          executionId,
          taskId: row.task_id,
          attempt: row.attempt,
          project: projectOf(row.workspace),
          taskType: row.kind,
          outcome,
          finishedAt,
          content,
          words: wordsOf(content),
          payload: {
            conversation_id: row.conversation_id,
            execution_id: executionId,
            task_id: row.task_id,
            task_title: title,
            task_type: row.kind,
            success: outcome === "unverified" ? null : outcome === "success",
            duration_seconds: row.started_at === null ? 0 : Math.max(0, (finishedAt.getTime() - row.started_at.getTime()) / 1000),
            commands: observed.commands,
            errors: observed.errors,
            warnings: observed.warnings,
            file_operations: observed.fileOperations,
            api_calls: observed.apiCalls,
            fixes: observed.fixes,
            evidence: evidence.map(redact),
            cost_usd: row.result?.usage?.costUsd ?? null,
            attempts: row.attempt,
            timestamp: finishedAt.toISOString(),
          },
        },
      ];
    });
  }

  async #fillIndex(): Promise<void> {
    const { index, store, embedder } = this.#options;
    if (!index.fills) return;
    for (;;) {
      const patterns = await store.unindexed(index.name, batchOfPatterns);
      if (patterns.length === 0 || this.#stopping) return;
      const vectors = await embedder?.embed(
        patterns.map(({ content }) => content),
        "document",
      );
      await index.add(patterns, vectors);
      await store.markIndexed(
        index.name,
        patterns.map(({ number }) => number),
      );
    }
  }
}

/** Adds rows to the tasks they belong to; returns the logs of those that ended. */
function take(follow: Follow, rows: readonly LogRow[]): Map<string, LogEntry[]> {
  const ended = new Map<string, LogEntry[]>();
  for (const { seq, type, task_id: taskId, attempt, data } of rows) {
    if (taskId === null) continue;
    const task = follow.open.get(taskId) ?? { firstSeq: seq, entries: [], bytes: 0 };
    follow.open.set(taskId, task);
    task.bytes += JSON.stringify(data).length;
    if (task.bytes < mostBytes || type !== "task.output") task.entries.push({ type, attempt, data });
    if (endings.has(type)) ended.set(taskId, task.entries);
    if (endings.has(type) || type === "task.cancelled" || type === "task.skipped") follow.open.delete(taskId);
  }
  return ended;
}
