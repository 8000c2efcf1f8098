// Writes texts of known content: text n holds the word "the" 1000 × n times.
import { mkdirSync, writeFileSync } from "node:fs";

mkdirSync("data", { recursive: true });
const words = ["ship", "river", "stone", "light", "wind", "harbour", "night", "road", "letter", "glass"];
for (let n = 1; n <= Number(process.argv[2] ?? 3); n += 1) {
  const lines = Array.from({ length: 1000 * n }, (_, i) => `the ${words[i % words.length]} and ${words[(i * 7 + 3) % words.length]}`);
  writeFileSync(`data/text-${n}.txt`, `${lines.join("\n")}\n`);
  console.log(`data/text-${n}.txt: ${lines.length} lines`);
}
