/** The index that needs nothing besides the database: words by BM25, meaning by the signs of vectors and then exactly. */
import type { PatternStore } from "../orchestrator/store/patterns.ts";
import { mergeMatches, type PatternIndex } from "./pattern-index.ts";
import { cosine, signatureOf, vectorBytes } from "./vector.ts";

/** Candidates by sign for each result wanted: signs agree only roughly. */
const candidates = 8;

/** @param model the embedder's, when there is one */
export function createPostgresIndex(store: PatternStore, model: string | undefined): PatternIndex {
  return {
    fills: model !== undefined,
    name: model === undefined ? "postgres" : `postgres/${model}`,
    async add(patterns, vectors) {
      if (model === undefined || vectors === undefined) return; // words are indexed when a pattern is written
      const named = `${model}/${vectors[0]?.length ?? 0}`;
      await store.saveVectors(
        named,
        patterns.map(({ number }, index) => {
          const vector = vectors[index] as Float32Array;
          return { number, vector: vectorBytes(vector), signature: signatureOf(vector) };
        }),
      );
    },
    async search({ words, vector }, limit) {
      const named = `${model}/${vector?.length ?? 0}`;
      const [byWords, near] = await Promise.all([
        store.byWords(words, limit),
        vector === undefined ? undefined : store.bySignature(named, signatureOf(vector), limit * candidates),
      ]);
      const byMeaning = near
        ?.map((row) => ({ id: row.id, similarity: cosine(vector as Float32Array, row.vector) }))
        .map((hit) => ({ ...hit, score: hit.similarity }))
        .toSorted((a, b) => b.similarity - a.similarity)
        .slice(0, limit);
      return mergeMatches(byWords, byMeaning);
    },
  };
}
