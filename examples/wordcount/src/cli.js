#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { count, top } from "./wordcount.js";

const [file, limit = "10"] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: wordcount FILE [LIMIT]");
  process.exit(2);
}
for (const [word, times] of top(count(readFileSync(file, "utf8")), Number(limit))) console.log(`${times} ${word}`);
