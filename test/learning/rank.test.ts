/** What is worth showing, and in which order. */
import { describe, expect, it } from "vitest";
import { createBackground } from "../../learning/background.ts";
import type { Embedder } from "../../learning/embed.ts";
import type { StoredPattern } from "../../learning/pattern.ts";
import type { Match } from "../../learning/pattern-index.ts";
import { type RankOptions, rank } from "../../learning/rank.ts";

const nowMs = Date.parse("2026-11-21T08:00:00Z");
const options: RankOptions = {
  project: undefined,
  nowMs,
  limit: 10,
  standing: (cosine) => (cosine - 0.3) / 0.1,
  meaningFloor: undefined,
};
const nothing = { score: 0, similarity: 0 };
const byWords = (id: string, mass: number, similarity = 0.3): Match => ({
  id,
  words: { score: mass, similarity, mass },
  meaning: undefined,
});
const withMeaning = (match: Match, cosine: number): Match => ({ ...match, meaning: { score: cosine, similarity: cosine } });
const patternOf = (id: string) =>
  ({
    id,
    outcome: "success",
    project: "p",
    finishedAt: new Date(nowMs),
    payload: { task_title: id, commands: [], evidence: [], fixes: [] },
  }) as unknown as StoredPattern;
const shown = (matches: Match[], changed: Partial<RankOptions> = {}) =>
  rank(
    matches,
    matches.map(({ id }) => patternOf(id)),
    { ...options, ...changed },
  ).map(({ pattern }) => pattern.id);

describe("a match by words", () => {
  it("needs more than one telling word, or half of what was asked", () => {
    expect(shown([byWords("one word of many", 1), byWords("two", 1.7), byWords("all of a short question", 0.9, 0.9)])).toEqual([
      "two",
      "all of a short question",
    ]);
  });
});

describe("a match by meaning", () => {
  const noWords = (id: string): Match => ({ id, words: { ...nothing, mass: 0 }, meaning: nothing });

  it("is shown when it stands far above tasks that have nothing to do with the question, whatever its cosine", () => {
    const matches = [withMeaning(noWords("near"), 0.75), withMeaning(noWords("as near as anything"), 0.6)];
    expect(shown(matches)).toEqual(["near"]);
    expect(shown(matches, { standing: (cosine) => (cosine - 0.7) / 0.1 })).toEqual([]);
    expect(shown(matches, { meaningFloor: 0.5 })).toEqual(["near", "as near as anything"]);
  });

  it("adds to words that alone would not be enough, and orders what shares the same ones", () => {
    expect(shown([byWords("far", 1), withMeaning(byWords("nearer", 1), 0.6)])).toEqual(["nearer"]);
    expect(shown([byWords("far", 1.5), withMeaning(byWords("nearer", 1.5), 0.6)])).toEqual(["nearer", "far"]);
  });
});

describe("the background of a model", () => {
  /** Everything shares the first dimension, as in models in which all texts are alike. */
  const alike: Embedder = {
    model: "alike",
    embed: async (texts) => texts.map((_, at) => Float32Array.of(Math.sqrt(0.5), ...axis(at % 8))),
  };
  const axis = (at: number) => Array.from({ length: 8 }, (_, index) => (index === at ? Math.sqrt(0.5) : 0));

  it("makes a cosine count from what is usual in it", async () => {
    const standing = await createBackground(alike).standingOf(Float32Array.of(Math.sqrt(0.5), ...axis(0)));
    expect(standing(0.5)).toBeLessThan(0);
    expect(standing(1)).toBeGreaterThan(2);
  });

  it("makes nothing stand out where all vectors are the same, and is asked for again after the service was away", async () => {
    let away = true;
    const same: Embedder = {
      model: "same",
      async embed(texts) {
        if (away) throw new Error("away");
        return texts.map(() => Float32Array.of(1, 0));
      },
    };
    const background = createBackground(same);
    await expect(background.standingOf(Float32Array.of(1, 0))).rejects.toThrow("away");
    away = false;
    expect((await background.standingOf(Float32Array.of(1, 0)))(1)).toBe(0);
  });
});
