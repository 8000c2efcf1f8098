// Measures how many words per second the library counts, over the given seconds, and writes a page about it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { count } from "../dist/wordcount.js";

const seconds = Number(process.argv[2] ?? 5);
const text = readFileSync("data/text-3.txt", "utf8");
const rates = [];
for (let second = 0; second < seconds; second += 1) {
  let words = 0;
  const startedMs = Date.now();
  while (Date.now() - startedMs < 1000) words += count(text).get("the") * 4;
  rates.push(Math.round((words * 1000) / (Date.now() - startedMs)));
  console.log(`${rates.at(-1)} words per second`);
}
rates.sort((a, b) => a - b);
mkdirSync("site", { recursive: true });
writeFileSync("site/speed.md", `# Speed\n\n${rates[Math.floor(rates.length / 2)]} words per second (median of ${seconds} seconds)\n`);
