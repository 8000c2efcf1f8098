/** How text is read for the word index. */
import { describe, expect, it } from "vitest";
import { thesaurus } from "../../learning/thesaurus.ts";
import { askedTerms, termsOf } from "../../learning/words.ts";

const plain = (text: string) => Object.keys(termsOf(text)).filter((term) => !term.startsWith("~"));
const shared = (one: string, other: string) => {
  const terms = termsOf(other);
  return askedTerms(one).filter(({ term }) => term in terms);
};

describe("the words of a text", () => {
  it("are the parts of identifiers and paths, without bare numbers and what every plan says", () => {
    expect(plain("Phase 3: move HTTPServer of src/userProfiles.ts")).toEqual([
      "move",
      "http",
      "server",
      "src",
      "user",
      "profil",
      "ts",
    ]);
  });

  it("are the same for every inflection, and counted", () => {
    expect(termsOf("tokenizer, Tokenizers")).toMatchObject({ token: 2 });
  });

  it("are pairs of characters where a language writes no spaces", () => {
    expect(plain("統合テスト v2")).toEqual(["統合", "合テ", "テス", "スト", "v2"]);
    expect(shared("統合試験", "統合テスト")).toEqual([{ word: 1, term: "統合", weight: 1 }]);
  });

  it("keep accents, whichever way they are encoded", () => {
    expect(termsOf("Über")).toEqual(termsOf("U\u0308ber"));
  });

  it("end where a text gets too long to be a task", () => {
    expect(termsOf(`${"a ".repeat(5_000)}zebra`)).not.toHaveProperty("zebra");
  });
});

describe("what is called by several names", () => {
  it.each([
    ["kubernetes", "k8s"],
    ["deletes", "removing"],
    ["pull request", "PR"],
    ["MR", "mergeRequest"],
    ["sign in", "login"],
    ["config", "settings"],
  ])("is found by another: %s for %s", (asked, written) => {
    expect(shared(asked, written)).toContainEqual({ word: 1, term: expect.stringMatching(/^~/), weight: 0.8 });
  });

  it("counts half for a verb that begins half of all titles", () => {
    expect(askedTerms("implement")[0]).toEqual({ word: 1, term: "implement", weight: 0.5 });
  });

  it("has a name of its own for each group", () => {
    const names = thesaurus.map((group) => group.slice(0, 2).join(" "));
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
    expect(thesaurus.length).toBeGreaterThan(400);
  });
});
