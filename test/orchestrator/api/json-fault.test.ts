import fc from "fast-check";
import { expect, test } from "vitest";
import { findJsonFault } from "../../../orchestrator/api/json-fault.ts";

test.each([
  ['{"a":1,}', 1, 8, "a property name"],
  ["[1,]", 1, 4, "a value"],
  ["{'a':1}", 1, 2, "a property name or }"],
  ['{"a" 1}', 1, 6, ":"],
  ["[1 2]", 1, 4, ", or ]"],
  ['{\n"a": tru\n}', 2, 6, "a value"],
  ['{"a": 1} x', 1, 10, "the end of the text"],
  ['{"a": "x', 1, 9, "the closing quote of the string"],
  ['["\\x"]', 1, 3, "a valid escape sequence"],
  ["[01]", 1, 2, "a value"],
  ["", 1, 1, "a value"],
  ["- [ ] a task", 1, 1, "a value"],
])("%j is broken at line %i, column %i: expected %s", (text, line, column, expected) => {
  expect(findJsonFault(text)).toMatchObject({ line, column, expected: expect.stringContaining(expected) });
});

test("it agrees with JSON.parse on what is JSON, and an intact prefix is never blamed", () => {
  const mutated = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", "]", "}", '"', "x", "1", ":", "\n", "\\", "-"))
    .map(([text, at, patch]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + patch + text.slice(cut + 1);
    });
  fc.assert(
    fc.property(mutated, (text) => {
      const fault = findJsonFault(text);
      let parses = true;
      try {
        JSON.parse(text);
      } catch {
        parses = false;
      }
      expect(fault === undefined).toBe(parses);
    }),
    { numRuns: 3_000 },
  );
});

test("depth and size do not trouble it", () => {
  expect(findJsonFault("[".repeat(1_000_000))).toMatchObject({ offset: 1_000_000 });
  expect(findJsonFault(`"${"a\\n".repeat(1_000_000)}"`)).toBeUndefined();
});
