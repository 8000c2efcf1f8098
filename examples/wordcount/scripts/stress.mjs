// Counts a large text again and again for the given seconds and checks every result.
import { readFileSync } from "node:fs";
import { count } from "../dist/wordcount.js";

const seconds = Number(process.argv[2] ?? 5);
const text = readFileSync("data/text-3.txt", "utf8");
const startedMs = Date.now();
let runs = 0;
for (let nextMs = startedMs + 1000; Date.now() - startedMs < seconds * 1000; runs += 1) {
  if (count(text).get("the") !== 3000) throw new Error(`run ${runs}: the count changed`);
  if (Date.now() >= nextMs) {
    console.log(`${runs} runs`);
    nextMs += 1000;
  }
}
console.log(`${runs} runs, all equal`);
