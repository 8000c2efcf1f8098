import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor, redact } from "../../../orchestrator/executors/redact.ts";

test.each([
  ["key sk-ant-api03-AbCd_1234567890-abcdefghij end", "key [redacted] end"],
  ["ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[redacted]"],
  ["github_pat_11ABCDEFG0123456789_abcdef", "[redacted]"],
  ["id AKIAIOSFODNN7EXAMPLE,", "id [redacted],"],
  ["xoxb-1234567890-abcdef", "[redacted]"],
  ["Authorization: Bearer abcdef.ghijkl-mnop==", "Authorization: Bearer [redacted]"],
  ["postgres://user:p%40ss@host/db and https://:pw@host", "postgres://user:[redacted]@host/db and https://:[redacted]@host"],
  ["-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\nafter", "[redacted]\nafter"],
  ["-----BEGIN PRIVATE KEY-----\ncut off", "[redacted]"],
  ["http://localhost:8400/path@2 and user@host:22", "http://localhost:8400/path@2 and user@host:22"],
  ["the bearer of bad news; sk-short; AKIA", "the bearer of bad news; sk-short; AKIA"],
])("masks what has the shape of a secret: %j", (text, masked) => {
  expect(redact(text)).toBe(masked);
});

test("masks known values, the longest first, and leaves words that are too short to be secrets", () => {
  expect(redact("a hunter2hunter2 b hunter2 c abc", ["hunter2", "hunter2hunter2", "abc"])).toBe(
    "a [redacted] b [redacted] c abc",
  );
});

test("masking in pieces, cut where it says it is safe, is masking as a whole", () => {
  const words = [
    "plain",
    " ",
    "\n",
    "hunter2-hunter",
    "2-secret",
    "ghp_abcdefghij",
    "klmnopqrstuvwxyz",
    "Bearer ",
    "abcdefghijklmnop",
    "hunter2-hunter2-secret",
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), (pieces) => {
      const redactor = createRedactor(["hunter2-hunter2-secret"]);
      let held = "";
      let masked = "";
      for (const piece of pieces) {
        held += piece;
        const length = redactor.safeLength(held, false);
        masked += redactor.redact(held.slice(0, length));
        held = held.slice(length);
      }
      expect(masked + redactor.redact(held)).toBe(redactor.redact(pieces.join("")));
    }),
    { numRuns: 500 },
  );
});
