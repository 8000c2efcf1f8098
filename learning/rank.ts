/** Puts matches in the order in which they help: similarity first, then what came of them, how long ago, and whether it was this project. Pure. */
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
  /** Below all of them a match is not worth reading. */
  floors: Floors;
};

/** A match by words needs one of its two. */
export type Floors = { words: { similarity: number; mass: number }; meaning: number };

const dayMs = 86_400_000;
const halfLifeDays = 90;
/** An old pattern keeps this part of its weight. */
const oldestWeight = 0.8;
const ownProject = 1.1;
/** A measured failure tells as much as a success, but of what not to do; what nobody checked tells least. */
const outcomeWeight = { success: 1, failure: 0.9, unverified: 0.85 } as const;
/** Reciprocal rank fusion (Cormack, Clarke, Büttcher 2009); their constant. */
const fusionConstant = 60;

/** @returns at most `limit`, best first */
export function rank(matches: readonly Match[], patterns: readonly StoredPattern[], options: RankOptions): Recommendation[] {
  const byId = new Map(patterns.map((pattern) => [pattern.id, pattern]));
  const fused = fuse(matches);
  const weighed = fused.flatMap(({ match, similarity, order }): Recommendation[] => {
    const pattern = byId.get(match.id);
    if (pattern === undefined || isWeak(match, options.floors)) return [];
    const ageDays = Math.max(0, options.nowMs - pattern.finishedAt.getTime()) / dayMs;
    const fresh = oldestWeight + (1 - oldestWeight) * 2 ** (-ageDays / halfLifeDays);
    const own = options.project !== undefined && pattern.project === options.project;
    const score = order * outcomeWeight[pattern.outcome] * fresh * (own ? ownProject : 1);
    return [{ pattern, similarity, score, times: 1, reasons: reasonsOf(pattern, match, own) }];
  });
  return merged(weighed.toSorted((a, b) => b.score - a.score)).slice(0, options.limit);
}

const isWeak = ({ words, meaning }: Match, floors: Floors) =>
  words.similarity < floors.words.similarity && words.mass < floors.words.mass && (meaning?.similarity ?? 0) < floors.meaning;

/** Without meaning, words decide. With both, their ranks are fused, and the better of the two says how similar it is. */
function fuse(matches: readonly Match[]): { match: Match; similarity: number; order: number }[] {
  if (matches.every(({ meaning }) => meaning === undefined))
    return matches.map((match) => ({ match, similarity: match.words.similarity, order: match.words.score }));
  const rankBy = (score: (match: Match) => number) => {
    const sorted = matches.filter((match) => score(match) > 0).toSorted((a, b) => score(b) - score(a));
    return new Map(sorted.map((match, index) => [match.id, 1 / (fusionConstant + index + 1)]));
  };
  const words = rankBy((match) => match.words.score);
  const meaning = rankBy((match) => match.meaning?.score ?? 0);
  return matches.map((match) => ({
    match,
    similarity: Math.max(match.words.similarity, match.meaning?.similarity ?? 0),
    order: (words.get(match.id) ?? 0) + (meaning.get(match.id) ?? 0),
  }));
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
