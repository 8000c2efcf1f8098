/** Answers "what is like this, and how did it go": one search over the index, ranked. */
import type { PatternStore } from "../orchestrator/store/patterns.ts";
import { createBackground, type Standing } from "./background.ts";
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
  /** Cosine from which a match is shown for its meaning alone; without it that is measured, because models differ. */
  meaningFloor?: number | undefined;
  onDegraded(error: unknown, what: string): void;
  now(): number;
};

const usualLimit = 3;
const considered = 50;
export function createRecommender(options: RecommenderOptions): Recommender {
  const { store, index, fallback, embedder } = options;

  const background = embedder === undefined ? undefined : createBackground(embedder);

  async function meaningOf(text: string): Promise<{ vector: Float32Array; standing: Standing } | undefined> {
    try {
      const vector = (await embedder?.embed([text], "query"))?.[0];
      return vector && background && { vector, standing: await background.standingOf(vector) };
    } catch (error) {
      options.onDegraded(error, "embedding a question");
      return undefined;
    }
  }

  return async ({ text, project, limit = usualLimit }) => {
    const words = askedTerms(text);
    const meaning = await meaningOf(text);
    let matches: Match[];
    try {
      if (embedder !== undefined && meaning === undefined) throw new Error("There is no vector for the question.");
      matches = await index.search({ words, vector: meaning?.vector }, considered);
    } catch (error) {
      options.onDegraded(error, "searching by meaning");
      matches = await fallback.search({ words, vector: undefined }, considered);
    }
    const patterns = await store.load(matches.map(({ id }) => id));
    return rank(matches, patterns, {
      project,
      nowMs: options.now(),
      limit,
      standing: meaning?.standing,
      meaningFloor: options.meaningFloor,
    });
  };
}
