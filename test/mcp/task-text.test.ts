import { expect, test } from "vitest";
import { cutText, oneLine, quoteTaskText, visibleText } from "../../mcp/task-text.ts";

test.each([
  ["direction marks", "rm \u202e-rf\u2066 /", "rm -rf /"],
  ["zero-width characters and variation selectors", "ig\u200bno\ufeffre\u{e0101}", "ignore"],
  ["tag characters, which only a model reads", "fine\u{e0049}\u{e0067}\u{e006e}", "fine"],
  ["colours and links of a terminal", "\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007", "red link"],
  ["control characters and halves of characters", "a\u0000\u0008b\ud83d", "ab"],
])("%s are taken out", (_name, text, seen) => {
  expect(visibleText(text)).toBe(seen);
});

test("letters of any script, line ends and tabs stay", () => {
  expect(visibleText("Zähler\t数 😀\r\nשלום\u2028x")).toBe("Zähler\t数 😀\nשלום\nx");
});

test("what consists of nothing visible is nothing", () => {
  expect(quoteTaskText(["\u200b", " \u202e "])).toBeUndefined();
});

test("a quotation is cut by what it takes in a result, not within a character", () => {
  for (const text of ['"\\'.repeat(5_000), "数".repeat(5_000), "😀".repeat(5_000)]) {
    const quoted = quoteTaskText([text]) ?? "";
    expect(Buffer.byteLength(JSON.stringify(quoted))).toBeLessThan(1_900);
    expect(quoted.isWellFormed()).toBe(true);
  }
  expect(cutText('""""', 8)).toBe('""""');
  expect(cutText('"""""', 8)).toBe('""…');
});

test("one line is one line, and no half of a character at its end", () => {
  expect(oneLine(" a\n\tb\u200b ")).toBe("a b");
  expect(oneLine("😀".repeat(10), 4)).toBe("😀…");
});
