/** Answers "what is like this, and how did it go": one search over the index, ranked. */
import type { PatternStore } from "../orchestrator/store/patterns.ts";
import type { Embedder } from "./embed.ts";
import { wordsOf } from "./pattern.ts";
import type { Match, PatternIndex } from "./pattern-index.ts";
import { type Recommendation, rank } from "./rank.ts";

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
/** Chosen on the labelled set in bench/, and not checked on another one since. */
const wordsFloor = 0.42;

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
    const words = wordsOf(text);
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
