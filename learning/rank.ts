/** Puts matches in the order in which they help: similarity first, then what came of them, how long ago, and whether it was this project. Pure. */
import type { Standing } from "./background.ts";
import type { StoredPattern } from "./pattern.ts";
import type { Match } from "./pattern-index.ts";

export type Recommendation = {
  pattern: StoredPattern;
  /** 0–1 */
  similarity: number;
  score: number;
  /** How often the same thing was done with the same outcome; the newest stands for all. */
  times: number;
  reasons: string[];
};

export type RankOptions = {
  project: string | undefined;
  nowMs: number;
  limit: number;
  /** What a cosine means; without it meaning counts for nothing. */
  standing: Standing | undefined;
  /** Cosine from which a match is shown for its meaning alone, where the usual standing does not decide. */
  meaningFloor: number | undefined;
};

const dayMs = 86_400_000;
const halfLifeDays = 90;
/** An old pattern keeps this part of its weight. */
const oldestWeight = 0.8;
const ownProject = 1.1;
/** A measured failure tells as much as a success, but of what not to do; what nobody checked tells least. */
const outcomeWeight = { success: 1, failure: 0.9, unverified: 0.85 } as const;
/**
 * How much stands for a match is measured in words that nothing else has; a standard deviation of meaning above the usual is worth a fifth of
 * one. It is shown when it has half of what was asked, or more than one such word, or enough of both, or is far nearer than unrelated tasks.
 * Chosen on half of the questions in bench/retrieval; how that did on the other half stands in bench/README.md.
 */
const meaningWorth = 0.2;
const floors = { similarity: 0.5, mass: 1.2, both: 1.5, standing: 4 };

/** @returns at most `limit`, best first */
export function rank(matches: readonly Match[], patterns: readonly StoredPattern[], options: RankOptions): Recommendation[] {
  const byId = new Map(patterns.map((pattern) => [pattern.id, pattern]));
  const weighed = matches.flatMap((match): Recommendation[] => {
    const pattern = byId.get(match.id);
    const standing = match.meaning?.score ? Math.max(0, options.standing?.(match.meaning.score) ?? 0) : 0;
    if (pattern === undefined || isWeak(match, standing, options.meaningFloor)) return [];
    const similarity = Math.min(1, Math.max(match.words.similarity, match.meaning?.similarity ?? 0));
    const order = match.words.score + meaningWorth * standing;
    const ageDays = Math.max(0, options.nowMs - pattern.finishedAt.getTime()) / dayMs;
    const fresh = oldestWeight + (1 - oldestWeight) * 2 ** (-ageDays / halfLifeDays);
    const own = options.project !== undefined && pattern.project === options.project;
    const score = order * outcomeWeight[pattern.outcome] * fresh * (own ? ownProject : 1);
    return [{ pattern, similarity, score, times: 1, reasons: reasonsOf(pattern, match, own) }];
  });
  return merged(weighed.toSorted((a, b) => b.score - a.score)).slice(0, options.limit);
}

function isWeak({ words, meaning }: Match, standing: number, meaningFloor: number | undefined): boolean {
  const near = meaningFloor === undefined ? standing >= floors.standing : (meaning?.similarity ?? 0) >= meaningFloor;
  const telling = words.similarity >= floors.similarity || words.mass >= floors.mass;
  return !near && !telling && words.mass + meaningWorth * standing < floors.both;
}

function merged(sorted: Recommendation[]): Recommendation[] {
  const groups = new Map<string, Recommendation>();
  for (const found of sorted) {
    const { task_title: title, commands } = found.pattern.payload;
    const key = JSON.stringify([title.toLowerCase(), found.pattern.outcome, commands[0] ?? ""]);
    const first = groups.get(key);
    if (first === undefined) groups.set(key, { ...found });
    else {
      first.times += 1;
      if (found.pattern.finishedAt > first.pattern.finishedAt) first.pattern = found.pattern;
    }
  }
  return [...groups.values()];
}

function reasonsOf(pattern: StoredPattern, match: Match, own: boolean): string[] {
  const { evidence, fixes } = pattern.payload;
  return [
    match.meaning !== undefined && match.meaning.similarity > match.words.similarity
      ? "means nearly the same"
      : "shares the telling words",
    own ? "same project" : `project ${pattern.project}`,
    pattern.outcome === "unverified" ? "nobody checked the result" : evidence.length > 0 ? `checked: ${evidence[0]}` : "measured",
    ...(fixes.length > 0 ? ["shows what helped after a failure"] : []),
  ];
}
