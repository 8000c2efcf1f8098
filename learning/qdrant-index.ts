/**
 * The index in Qdrant: one collection per embedding model behind the alias `execution_patterns`, with the meaning as dense vector (cosine)
 * and the words as sparse vector. How rare a word is comes with the query, from the counts of the database, which also ranks what was found
 * by words: the same search scores the same with and without Qdrant.
 *
 * Point ids are the patterns' ids, made of execution, task and attempt, so that adding one twice changes nothing. Changing the model makes a new collection; the patterns in
 * PostgreSQL are embedded again and the alias moves when it is made.
 */
import { createHash } from "node:crypto";
import type { QdrantClient } from "@qdrant/js-client-rest";
import type { PatternStore, Unindexed } from "../orchestrator/store/patterns.ts";
import { mergeMatches, type PatternIndex } from "./pattern-index.ts";

export type QdrantOptions = {
  url: string;
  apiKey: string | undefined;
  replicationFactor: number;
  /** The embedder's, when there is one. */
  model: string | undefined;
};

const alias = "execution_patterns";
/** By words for each result wanted: a sum cannot say which of two ways to find a word is better, so the database ranks what Qdrant finds. */
const candidates = 4;
const timeoutMs = 5_000;
const indexingThreshold = 20_000;

export function createQdrantIndex(options: QdrantOptions, store: PatternStore): PatternIndex {
  const collection = `${alias}_${(options.model ?? "words").toLowerCase().replace(/[^a-z0-9]+/g, "_")}`;
  let client: Promise<QdrantClient> | undefined;
  let ready: Promise<void> | undefined;

  const connect = () => {
    client ??= import("@qdrant/js-client-rest").then(
      ({ QdrantClient }) =>
        new QdrantClient({
          url: options.url,
          timeout: timeoutMs,
          checkCompatibility: false,
          ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
        }),
    );
    return client;
  };

  async function prepare(dimensions: number | undefined): Promise<void> {
    const qdrant = await connect();
    if (!(await qdrant.collectionExists(collection)).exists) {
      await qdrant.createCollection(collection, {
        vectors: dimensions === undefined ? {} : { dense: { size: dimensions, distance: "Cosine" } },
        sparse_vectors: { words: {} },
        optimizers_config: { indexing_threshold: indexingThreshold },
        replication_factor: options.replicationFactor,
      });
      const fields = { project: "keyword", task_type: "keyword", success: "bool", timestamp: "datetime" } as const;
      for (const [name, schema] of Object.entries(fields)) {
        await qdrant.createPayloadIndex(collection, { field_name: name, field_schema: schema, wait: true });
      }
    }
    const { aliases } = await qdrant.getAliases();
    const pointsTo = aliases.find((known) => known.alias_name === alias)?.collection_name;
    if (pointsTo === collection) return;
    await qdrant.updateCollectionAliases({
      actions: [
        ...(pointsTo === undefined ? [] : [{ delete_alias: { alias_name: alias } }]),
        { create_alias: { collection_name: collection, alias_name: alias } },
      ],
    });
  }

  /** Once, and again after it failed. */
  const ensure = (dimensions: number | undefined) => {
    ready ??= prepare(dimensions).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    return ready;
  };

  return {
    fills: true,
    name: `qdrant/${new URL(options.url).host}/${collection}`,
    async add(patterns, vectors) {
      await ensure(vectors?.[0]?.length);
      const points = patterns.map((pattern, index) => {
        const dense = vectors?.[index];
        return {
          id: pattern.id,
          vector: { words: wordVector(pattern.terms), ...(dense === undefined ? {} : { dense: [...dense] }) },
          payload: { ...pattern.payload, project: pattern.project, outcome: pattern.outcome },
        };
      });
      await (await connect()).upsert(collection, { points, wait: true });
    },
    async search({ words, vector }, limit) {
      const sparse = sparseVector((await store.queryTerms(words)).map(({ term, weight }) => [term, weight]));
      const searches = [
        { query: sparse, using: "words", limit: limit * candidates, with_payload: false },
        ...(vector === undefined ? [] : [{ query: [...vector], using: "dense", limit, with_payload: false }]),
      ];
      const [byWords, byMeaning] = await (await connect()).queryBatch(collection, { searches });
      const found = (byWords?.points ?? []).map(({ id }) => String(id));
      const near = (byMeaning?.points ?? []).map(({ id, score }) => ({ id: String(id), score, similarity: Math.min(score, 1) }));
      return mergeMatches(await store.byWords(words, limit, found), vector === undefined ? undefined : near);
    },
  };
}

/** BM25's weight of each word in one pattern, without rarity; k1 and b as in `search_patterns`, for a pattern of usual length. */
function wordVector(terms: Unindexed["terms"]) {
  const usualLength = 60;
  return sparseVector(
    terms.map(({ term, frequency, words }) => [
      term,
      (frequency * 2.2) / (frequency + 1.2 * (0.4 + (0.6 * words) / usualLength)),
    ]),
  );
}

/** Words as dimensions: a hash of 32 bits; words that fall together add up. */
function sparseVector(weights: [word: string, weight: number][]) {
  const byDimension = new Map<number, number>();
  for (const [word, weight] of weights) {
    const dimension = createHash("sha1").update(word).digest().readUInt32LE(0);
    byDimension.set(dimension, (byDimension.get(dimension) ?? 0) + weight);
  }
  return { indices: [...byDimension.keys()], values: [...byDimension.values()] };
}
