import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { count, top } from "../dist/wordcount.js";

for (const n of [1, 2, 3]) {
  test(`counts text ${n}`, () => assert.equal(count(readFileSync(`data/text-${n}.txt`, "utf8")).get("the"), 1000 * n));
}
test("sorts by frequency, then by name", () => assert.deepEqual(top(count("b a b c a"), 2), [["a", 2], ["b", 2]]));
test("the program prints the most frequent word first", () => {
  assert.match(execFileSync("node", ["dist/cli.js", "data/text-1.txt", "1"], { encoding: "utf8" }), /^1000 /);
});
