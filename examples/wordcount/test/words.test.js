import assert from "node:assert/strict";
import { test } from "node:test";
import { words } from "../src/words.js";

test("splits at anything that is no letter or digit", () => assert.deepEqual(words("One, two; THREE!"), ["one", "two", "three"]));
test("keeps apostrophes inside a word", () => assert.deepEqual(words("don't 'quote'"), ["don't", "quote"]));
test("finds nothing in nothing", () => assert.deepEqual(words(" \n"), []));
test("knows letters beyond ASCII", () => assert.deepEqual(words("Größe été"), ["größe", "été"]));
