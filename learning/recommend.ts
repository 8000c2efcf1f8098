/** Answers "what is like this, and how did it go": one search over the index, ranked. */
import type { PatternStore } from "../orchestrator/store/patterns.ts";
import type { Embedder } from "./embed.ts";
import type { Match, PatternIndex } from "./pattern-index.ts";
import { type Recommendation, rank } from "./rank.ts";
import { askedTerms } from "./words.ts";

export type RecommendQuery = { text: string; project?: string | undefined; limit?: number | undefined };
export type Recommender = (query: RecommendQuery) => Promise<Recommendation[]>;

export type RecommenderOptions = {
  store: PatternStore;
  index: PatternIndex;
  /** Answers when the index does not: words only, from the database. */
  fallback: PatternIndex;
  embedder: Embedder | undefined;
  /** Cosine below which two texts have nothing to do with each other; models differ. */
  meaningFloor: number;
  onDegraded(error: unknown, what: string): void;
  now(): number;
};

const usualLimit = 3;
const considered = 50;
/**
 * A match by words is shown when it has half of what is asked, or more than one telling word of a longer question. Chosen on half of the
 * questions in bench/retrieval; how it did on the other half stands in bench/README.md.
 */
const wordsFloor = { similarity: 0.5, mass: 1.2 };

export function createRecommender(options: RecommenderOptions): Recommender {
  const { store, index, fallback, embedder } = options;

  async function vectorOf(text: string): Promise<Float32Array | undefined> {
    try {
      return (await embedder?.embed([text], "query"))?.[0];
    } catch (error) {
      options.onDegraded(error, "embedding a question");
      return undefined;
    }
  }

  return async ({ text, project, limit = usualLimit }) => {
    const words = askedTerms(text);
    const vector = await vectorOf(text);
    let matches: Match[];
    try {
      if (embedder !== undefined && vector === undefined) throw new Error("There is no vector for the question.");
      matches = await index.search({ words, vector }, considered);
    } catch (error) {
      options.onDegraded(error, "searching by meaning");
      matches = await fallback.search({ words, vector: undefined }, considered);
    }
    const patterns = await store.load(matches.map(({ id }) => id));
    return rank(matches, patterns, {
      project,
      nowMs: options.now(),
      limit,
      floors: { words: wordsFloor, meaning: options.meaningFloor },
    });
  };
}
