// Counts random texts whose counts are known, for the given seconds, and leaves a report. Usage: random-texts.mjs SEED SECONDS
import { mkdirSync, writeFileSync } from "node:fs";
import { count } from "../dist/wordcount.js";

const [seed, seconds] = process.argv.slice(2).map(Number);
const vocabulary = ["ship", "river", "don't", "Größe", "stone", "42", "light", "été"];
const separators = [" ", ", ", "\n", " — ", "! ", "\t"];

// mulberry32: a small generator, so that a seed gives the same texts everywhere
let state = seed;
const random = (below) => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
};

let [texts, words] = [0, 0];
const startedMs = Date.now();
for (let nextMs = startedMs + 1000; Date.now() - startedMs < seconds * 1000; texts += 1) {
  const expected = new Map();
  let text = "";
  for (let i = 0; i < 2000; i += 1) {
    const word = vocabulary[random(vocabulary.length)];
    expected.set(word.toLowerCase(), (expected.get(word.toLowerCase()) ?? 0) + 1);
    text += word + separators[random(separators.length)];
  }
  words += 2000;
  const counts = count(text);
  for (const [word, times] of expected) {
    if (counts.get(word) !== times) throw new Error(`text ${texts} of seed ${seed}: "${word}" ${counts.get(word)} times instead of ${times}`);
  }
  if (Date.now() >= nextMs) {
    console.log(`${texts} texts, ${words} words, all counted right`);
    nextMs += 1000;
  }
}
mkdirSync("reports", { recursive: true });
writeFileSync(`reports/random-${seed}.json`, JSON.stringify({ seed, texts, words, wrong: 0 }));
console.log(`reports/random-${seed}.json: ${texts} texts, ${words} words`);
