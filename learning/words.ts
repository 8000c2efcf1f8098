/**
 * Text as the word index sees it: stems, and `~` entries for what developers call by several names (thesaurus.ts). Pure.
 *
 * Identifiers and paths are taken apart, bare numbers and the words of every plan ("phase", "step") left out. Japanese and Chinese, which
 * are written without spaces, are cut into pairs of characters.
 */
import { stemmer } from "stemmer";
import { thesaurus } from "./thesaurus.ts";

/** How often a pattern has each term; those that begin with `~` stand for a group of the thesaurus. */
export type TermCounts = Record<string, number>;

/**
 * One way to find one word of a question. The best way that a pattern offers counts for the word, with this weight; ways with the same
 * `word` are alternatives.
 */
export type AskedTerm = { word: number; term: string; weight: number };

const stopWords = new Set(
  (
    "a about after again all also am an and any are as at be been before being between both but by can cannot could did do does doing during " +
    "each eg else etc few for from further had has have having he her here his how i ie if in into is it its itself just let me more most my " +
    "no nor not now of off on once only or other our ours out over own per same she should so some such than that the their them then there " +
    "these they this those through to too under until up upon us use used uses using very via vs was we were what when where which while who " +
    "whom why will with within without would you your yours " +
    "phase step task day week sprint part milestone section todo optional"
  ).split(" "),
);
/** Stems of verbs that begin half of all titles: what is done tells less than what it is done to. */
const lightStems = new Set(
  "add create implement make update set setup write build introduce support enable change handle provide new run allow ensure develop include define"
    .split(" ")
    .map(stemmer),
);
const lightWeight = 0.5;
/** Of another word for the same thing. */
const groupWeight = 0.8;
const longestContent = 8000;
const longestWord = 40;

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+/u;
const unspacedRun = new RegExp(`(${unspaced.source})`, "u");

/** @returns how often a text has each term, for the index */
export function termsOf(text: string): TermCounts {
  const counts = new Map<string, number>();
  for (const { stem, isStopWord, groups } of read(text)) {
    for (const term of isStopWord ? groups : [stem, ...groups]) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

/** @returns the ways in which the words of a question can be found */
export function askedTerms(question: string): AskedTerm[] {
  const asked: AskedTerm[] = [];
  const seen = new Set<string>();
  for (const { stem, isStopWord, groups } of read(question)) {
    if ((isStopWord && groups.length === 0) || seen.has(stem)) continue;
    seen.add(stem);
    const word = seen.size;
    const weight = lightStems.has(stem) ? lightWeight : 1;
    if (!isStopWord) asked.push({ word, term: stem, weight });
    for (const group of groups) asked.push({ word, term: group, weight: weight * groupWeight });
  }
  return asked;
}

type Word = { stem: string; isStopWord: boolean; groups: string[] };

function read(text: string): Word[] {
  const words = split(text);
  const stems = words.map(stemOf);
  return words.map((word, at) => {
    const isStopWord = stopWords.has(word);
    const groups = new Set<string>();
    for (let length = isStopWord ? 2 : 1; length <= longestPhrase; length += 1)
      for (const group of groupsByPhrase.get(stems.slice(at, at + length).join(" ")) ?? []) groups.add(group);
    return { stem: stems[at] as string, isStopWord, groups: [...groups] };
  });
}

function split(text: string): string[] {
  return text
    .slice(0, longestContent)
    .normalize("NFKC")
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .replace(/['’]s\b|['’]/g, "")
    .split(/[^\p{L}\p{M}\p{N}+#]+/u)
    .flatMap((word) => (unspaced.test(word) ? word.split(unspacedRun).flatMap(pairsOf) : [word]))
    .filter((word) => word.length > 1 && word.length <= longestWord && !/^\d+$/.test(word));
}

/** Of text without spaces its overlapping pairs of characters; other text as it is. */
function pairsOf(text: string): string[] {
  if (!unspaced.test(text)) return [text];
  return Array.from({ length: Math.max(1, text.length - 1) }, (_, at) => text.slice(at, at + 2));
}

/** Porter's stemmer knows English only. */
function stemOf(word: string): string {
  return /^[a-z]+$/.test(word) ? stemmer(word) : word;
}

const phraseOf = (entry: string) => entry.split("_").map(stemOf).join(" ");
const longestPhrase = Math.max(...thesaurus.flat().map((entry) => entry.split("_").length));
const groupsByPhrase = new Map<string, string[]>();
for (const group of thesaurus) {
  const name = `~${group.slice(0, 2).join(" ")}`;
  for (const phrase of new Set(group.map(phraseOf))) groupsByPhrase.set(phrase, [...(groupsByPhrase.get(phrase) ?? []), name]);
}
