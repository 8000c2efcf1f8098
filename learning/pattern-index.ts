/** Where patterns are found again: in PostgreSQL itself, or in Qdrant. The patterns stay in PostgreSQL either way. */
import type { Unindexed, WordsHit } from "../orchestrator/store/patterns.ts";
import type { AskedTerm } from "./words.ts";

/** How much a pattern has in common with a query: by its words and, where there is an embedder, by its meaning. Both 0–1. */
export type Match = { id: string; words: Found & { mass: number }; meaning: Found | undefined };
/** `score` orders, `similarity` (0–1) is what people see. `mass`, see `WordsHit`. */
export type Found = { score: number; similarity: number };
export type Query = { words: readonly AskedTerm[]; vector: Float32Array | undefined };

export type PatternIndex = {
  /** Whether patterns must be brought to it at all. */
  readonly fills: boolean;
  /** Says which patterns it has; another model or another server is another index. */
  readonly name: string;
  /** Does nothing for patterns it has. @param vectors one for each pattern, when there is an embedder */
  add(patterns: readonly Unindexed[], vectors: readonly Float32Array[] | undefined): Promise<void>;
  /** @throws Error when it is away, or has nothing yet */
  search(query: Query, limit: number): Promise<Match[]>;
};

/** Brings what was found by words and what was found by meaning together. */
export function mergeMatches(byWords: readonly WordsHit[], byMeaning: readonly (Found & { id: string })[] | undefined): Match[] {
  const none = { score: 0, similarity: 0, mass: 0 };
  const found = new Map<string, Match>();
  for (const { id, ...words } of byWords) found.set(id, { id, words, meaning: byMeaning && none });
  for (const { id, ...meaning } of byMeaning ?? []) found.set(id, { id, words: found.get(id)?.words ?? none, meaning });
  return [...found.values()];
}
